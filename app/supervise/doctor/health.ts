import { statfs } from 'node:fs/promises'
import { PosternError, reasonOf } from '../../lib/error.ts'
import type { AccountHealth, AccountState } from '../../model/account.ts'
import { levelOf } from '../../store/disk.ts'
import { KEEP } from './clock.ts'
import { forShell, type Verdict } from './verdict.ts'

/** Asks the running app for what one of its routes answers. Throws PosternError `control.*` when it cannot be asked. */
export type Ask = (question: { readonly path: string; readonly withinMs: number }) => Promise<unknown>

type Account = {
  readonly name: string
  readonly state: AccountState
  readonly health: AccountHealth
  readonly clock_ahead_ms: number | null
  readonly reason: string | null
}

const PERCENT = 100
/** One that is stuck takes connections and says nothing. */
const ANSWER_WITHIN_MS = 10_000
const CLOCK_OFF_AT_MOST_MS = 30_000

/** How the app over this data folder fares, and each of its accounts. That none runs is no fault. */
export async function examineHealth(dataDir: string, ask: Ask): Promise<readonly Verdict[]> {
  const check = 'app'
  try {
    const answer = await ask({ path: '/v1/accounts', withinMs: ANSWER_WITHIN_MS })
    const { data } = answer as { readonly data: readonly Account[] }
    const answers: Verdict = { check, verdict: 'ok', detail: `the app over ${dataDir} answers` }
    return [answers, ...data.map(judgeAccount), ...data.flatMap(judgeClock).slice(0, 1)]
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    if (error.code === 'control.not_running')
      return [{ check, verdict: 'ok', detail: `no app runs over ${dataDir}, or it is in a container` }]
    const isForbidden = error.code === 'control.forbidden'
    const remedy = isForbidden ? 'run this as that user' : 'look into the log of the app'
    return [{ check, verdict: isForbidden ? 'warn' : 'fail', detail: reasonOf(error), remedy }]
  }
}

/** Whether the disk of the data folder has room, by the marks at which the app itself sounds an alarm. */
export async function examineDisk(dataDir: string): Promise<readonly Verdict[]> {
  const found = await statfs(dataDir).catch(() => undefined)
  if (found === undefined || found.blocks === 0) return []
  return [judgeDisk(dataDir, 1 - found.bavail / found.blocks)]
}

/** `used` is the part of it that is taken, from 0 to 1. */
export function judgeDisk(dataDir: string, used: number): Verdict {
  const detail = `the disk of ${dataDir} is ${Math.round(used * PERCENT)} % full`
  const level = levelOf(used, 'ok')
  if (level === 'ok') return { check: 'disk', verdict: 'ok', detail }
  const remedy = 'make room, or move the data folder to a larger disk'
  if (level === 'low') return { check: 'disk', verdict: 'warn', detail, remedy }
  return { check: 'disk', verdict: 'fail', detail: `${detail}: nothing new is taken from callers`, remedy }
}

function judgeAccount({ name, state, health, reason }: Account): Verdict {
  const tell = (verdict: Verdict['verdict'], what: string, remedy?: string): Verdict => {
    const detail = `account ${name} ${what}${reason === null ? '' : `: ${reason}`}`
    return { check: 'account', verdict, detail, ...(remedy && { remedy }) }
  }
  const command = (verb: string) => `./postern account ${verb} ${forShell([name])}`
  switch (state) {
    case 'open':
      return health.receiving && health.sending
        ? tell('ok', 'is open, receives and sends')
        : tell('fail', `is open, but does not ${health.receiving ? 'send' : 'receive'}`, command('restart'))
    case 'logged_out':
      return tell('fail', 'was logged out by WhatsApp or on the phone', command('link'))
    case 'unlinked':
      return tell('warn', 'is not linked yet', command('link'))
    case 'paused':
      return tell('ok', 'is paused')
    case 'pairing':
    case 'connecting':
    case 'closed':
      return tell('warn', `is ${state}`, `${command('show')} says why`)
  }
}

/** WhatsApp says what time it is whenever an account connects. */
function judgeClock({ clock_ahead_ms: ahead }: Account): readonly Verdict[] {
  if (ahead === null || Math.abs(ahead) <= CLOCK_OFF_AT_MOST_MS) return []
  const seconds = Math.round(Math.abs(ahead) / 1_000)
  const detail = `this machine's clock is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} WhatsApp's`
  return [{ check: 'clock', verdict: 'warn', detail, remedy: KEEP }]
}
