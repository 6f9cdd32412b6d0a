import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ExpiryFolders, readExpiries } from '../../identity/expiry.ts'
import { DATABASE_FILE } from '../../store/open.ts'
import type { Verdict } from './verdict.ts'

export type ClockDeps = {
  readonly now: Date
  /** Whether somebody keeps this machine's clock; undefined when it cannot be told. */
  readonly isKept: () => Promise<boolean | undefined>
}

export type ClockPlaces = ExpiryFolders & { readonly dataDir: string }

const AHEAD_AT_MOST_MS = 5 * 60 * 1_000
const ANSWER_WITHIN_MS = 3_000
/** What to do about a clock that is off. */
export const KEEP = 'have it kept: apt install systemd-timesyncd (or chrony), and look at timedatectl'
const run = promisify(execFile)

/**
 * The clock against what this appliance itself has dated, and whether somebody keeps it: certificates, webhooks and WhatsApp
 * take no time that is far off. Asks nobody outside.
 */
export async function examineClock(places: ClockPlaces, { now, isKept }: ClockDeps): Promise<Verdict> {
  const told = `the clock says ${now.toISOString()}`
  const wrong = (detail: string): Verdict => ({ check: 'clock', verdict: 'fail', detail, remedy: KEEP })
  const early = readExpiries(places, now).find(({ state }) => state === 'early')
  if (early !== undefined && 'from' in early)
    return wrong(`${told}, before the ${early.name} was made: ${early.from.toISOString()}`)
  const written = lastWritten(places.dataDir)
  if (written !== undefined && written.at.getTime() - now.getTime() > AHEAD_AT_MOST_MS)
    return wrong(`${told}, before ${written.file} was last written: ${written.at.toISOString()}`)
  const kept = await isKept()
  if (kept === false)
    return { check: 'clock', verdict: 'warn', detail: `${told}, and nobody keeps it`, remedy: KEEP }
  const by = kept ? 'and is kept' : 'and nothing contradicts it; whether anybody keeps it cannot be told here'
  return { check: 'clock', verdict: 'ok', detail: `${told}, ${by}` }
}

/** What systemd says of the kernel's clock; nothing where there is no systemd. */
export async function isClockKept(): Promise<boolean | undefined> {
  const wanted = ['show', '--property=NTPSynchronized', '--value']
  const answer = await run('timedatectl', wanted, { timeout: ANSWER_WITHIN_MS }).catch(() => undefined)
  const word = answer?.stdout.trim()
  return word === 'yes' ? true : word === 'no' ? false : undefined
}

function lastWritten(dataDir: string): { readonly file: string; readonly at: Date } | undefined {
  const files = [DATABASE_FILE, `${DATABASE_FILE}-wal`].map(name => join(dataDir, name))
  return files
    .flatMap(file => {
      const what = statSync(file, { throwIfNoEntry: false })
      return what === undefined ? [] : [{ file, at: what.mtime }]
    })
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())[0]
}
