import type { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { readAuthorities } from './certificate.ts'

/** How much longer a certificate lasts that the whole appliance stands on. Of several in a file, the one that lasts longest. */
export type Expiry = {
  readonly name: string
  readonly file: string
  readonly remedy: string
} & (
  | { readonly state: 'good' | 'soon' | 'over' | 'early'; readonly from: Date; readonly until: Date }
  | { readonly state: 'unreadable'; readonly reason: string }
)

export type ExpiryFolders = { readonly secretsDir: string; readonly pkiDir: string }

const DAY_MS = 24 * 60 * 60 * 1_000
/** Time enough to give every client another certificate. */
const WARN_DAYS = 30

type Watched = { readonly name: string; readonly file: string; readonly remedy: (key: string) => string }

const RENEW_HOP =
  './postern pki init makes it anew; then restart the app and the edge, unless ./postern up runs them'

const WATCHED: readonly Watched[] = [
  {
    name: 'internal CA',
    file: 'internal-ca.pem',
    remedy: key =>
      `stop the appliance, move this file and ${key} away, run ./postern pki init, and start it again`,
  },
  {
    name: 'client CA',
    file: 'client-ca.pem',
    remedy: key =>
      `move this file and ${key} away, run ./postern pki init, append the old file to the new one, restart the app and the ` +
      'edge, and give each client ./postern pki renew NAME',
  },
  { name: 'certificate of the app', file: 'app.pem', remedy: () => RENEW_HOP },
  { name: 'certificate of the proxy', file: 'proxy.pem', remedy: () => RENEW_HOP },
]

/** The CAs and both ends of the hop, as far as their files are here. */
export function readExpiries({ secretsDir, pkiDir }: ExpiryFolders, now: Date): readonly Expiry[] {
  return WATCHED.map(({ name, file, remedy }) => {
    const path = join(secretsDir, file)
    return { path, name, remedy: remedy(join(pkiDir, file.replace('.pem', '.key'))) }
  })
    .filter(({ path }) => existsSync(path))
    .map(({ path: file, name, remedy }) => ({ name, file, remedy, ...lastingOf(file, now) }))
}

/** Says at a start what of them is over or will be soon: nobody else looks at them before nothing works any more. */
export function warnOfExpiry(
  folders: ExpiryFolders,
  { now, log }: { readonly now: () => Date; readonly log: Log },
): void {
  for (const expiry of readExpiries(folders, now())) {
    if (expiry.state !== 'soon' && expiry.state !== 'over') continue
    const event = expiry.state === 'soon' ? 'certificate.expiring' : 'certificate.expired'
    const remedy = './postern doctor says what to do'
    log.warn(event, { name: expiry.name, until: expiry.until.toISOString(), remedy })
  }
}

/** Whole days until a moment; below 0 when it is over. */
export function daysUntil(moment: Date, now: Date): number {
  return Math.floor((moment.getTime() - now.getTime()) / DAY_MS)
}

function lastingOf(file: string, now: Date) {
  try {
    const longest = certificatesIn(file).toSorted((a, b) => +b.validToDate - +a.validToDate)[0]
    if (longest === undefined) return { state: 'unreadable' as const, reason: 'it holds no certificate' }
    const { validFromDate: from, validToDate: until } = longest
    return { state: stateOf(from, until, now), from, until }
  } catch (error) {
    return { state: 'unreadable' as const, reason: reasonOf(error) }
  }
}

function certificatesIn(file: string): readonly X509Certificate[] {
  return readAuthorities(readFileSync(file, 'utf8'))
}

function stateOf(from: Date, until: Date, now: Date): 'good' | 'soon' | 'over' | 'early' {
  if (until <= now) return 'over'
  if (from > now) return 'early'
  return daysUntil(until, now) < WARN_DAYS ? 'soon' : 'good'
}
