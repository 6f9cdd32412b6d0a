import type { Principal } from '../../snapshot.ts'
import { amount, door, names, note, WIDENS } from '../field.ts'
import { type Happened, type Rows, section } from '../section.ts'
import { DECIDED_AGAIN, placesFrom } from '../uses.ts'

const instant = (ms: number) => new Date(ms).toISOString()

const rows: Rows<Principal> = {
  name: [],
  kind: [door('kind', ({ kind }) => (kind === 'service' ? 'service' : 'person'))],
  roles: [names('roles', ({ roles }) => roles, { ...WIDENS, absent: 'none' })],
  networks: [placesFrom(({ networks }) => networks)],
  expiresAt: [
    amount('expires', ({ expiresAt }) => expiresAt?.getTime(), {
      ...WIDENS,
      words: instant,
      absent: 'never',
    }),
  ],
  owner: [note('owner', ({ owner }) => owner)],
  sanUri: [door('mtls.sanUri', ({ sanUri }) => sanUri)],
  apiKeyHashRef: [door('apiKey.hashRef', ({ apiKeyHashRef }) => apiKeyHashRef)],
  email: [note('email', ({ email }) => email)],
}

/** Who is new may at least log in. Another credential lets in its holder, and shuts out the holder of the one before. */
export const principals = section({
  kind: 'Principals',
  noun: 'principal',
  all: snapshot => snapshot.principals,
  rows,
  added: () => ['WIDER'],
  removed: () => ['TIGHTER'],
  stateOf: messagesThatWait,
})

const none: Rows<string> = Object.freeze({}) as Rows<string>

export const revoked = section<string>({
  kind: 'Principals',
  noun: 'revoked serial',
  all: snapshot => new Map([...snapshot.revokedSerials].map(serial => [serial, serial])),
  rows: none,
  added: () => ['TIGHTER'],
  removed: () => ['WIDER'],
})

/** A credential says who may log in, and nothing of messages that were taken already. */
function messagesThatWait({ to, fields }: Happened<Principal>): readonly string[] {
  if (to === undefined) return ['Messages of it that wait or are held fail when their turn comes.']
  const asked = fields.filter(({ path }) => path === 'networks' || path === 'expires')
  return asked.some(({ classes }) => classes.includes('TIGHTER')) ? [DECIDED_AGAIN] : []
}
