/**
 * What the end of a connection means. `restart`: WhatsApp asks for a new connection at once. `retry`: again after a while.
 * The others end the session until somebody does something: `logged-out` has lost its device, `replaced` must not fight
 * over it, `refused` would be refused again.
 */
export type Verdict = 'restart' | 'retry' | 'logged-out' | 'replaced' | 'refused'

type Meaning = { readonly verdict: Verdict; readonly reason: string }

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [515, { verdict: 'restart', reason: 'WhatsApp asked for a new connection' }],
  [401, { verdict: 'logged-out', reason: 'WhatsApp removed this device; link the account again' }],
  [440, { verdict: 'replaced', reason: 'another connection took over this device; restart to take it back' }],
  [402, { verdict: 'refused', reason: 'WhatsApp has restricted this account for a time' }],
  [403, { verdict: 'refused', reason: 'WhatsApp has locked this account' }],
  [405, { verdict: 'refused', reason: 'WhatsApp no longer accepts this version; upgrade Postern' }],
  [406, { verdict: 'refused', reason: 'WhatsApp has banned this account' }],
  [409, { verdict: 'refused', reason: 'WhatsApp does not accept this client' }],
  [411, { verdict: 'refused', reason: 'the phone must allow linked devices first' }],
  [
    400,
    {
      verdict: 'retry',
      reason: "the server's certificate is not WhatsApp's, or the handshake was malformed",
    },
  ],
  [408, { verdict: 'retry', reason: 'the server was silent' }],
  [428, { verdict: 'retry', reason: 'the connection was lost' }],
  [503, { verdict: 'retry', reason: 'WhatsApp is unavailable' }],
])

const RESTRICTED = new Set([402, 403, 406])

/** Reads a close code; a connection that ended without one is tried again. */
export function meaningOf(code: number | undefined): Meaning {
  const known = code === undefined ? undefined : MEANINGS.get(code)
  return (
    known ?? { verdict: 'retry', reason: `the connection ended${code === undefined ? '' : ` with ${code}`}` }
  )
}

/** True when WhatsApp acts against the account itself, which its owner should hear at once. */
export function isRestriction(code: number | undefined): boolean {
  return code !== undefined && RESTRICTED.has(code)
}
