/**
 * What the end of a connection means. `restart`: WhatsApp asks for a new connection at once. `retry`: again after a while.
 * The others end the session until somebody does something: `logged-out` has lost its device, `replaced` must not fight
 * over it, `refused` would be refused again; `restricted` is that too, by an act against the account itself.
 */
export type Verdict = 'restart' | 'retry' | 'logged-out' | 'replaced' | 'refused' | 'restricted'

export type Meaning = { readonly verdict: Verdict; readonly reason: string }

/** By the codes of stream errors, of failures at the log-in, and those that Baileys makes of anything else. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  400: {
    verdict: 'retry',
    reason: "the server's certificate is not WhatsApp's, or the handshake was malformed",
  },
  401: { verdict: 'logged-out', reason: 'WhatsApp removed this device; link the account again' },
  402: { verdict: 'restricted', reason: 'WhatsApp has restricted this account for a time' },
  403: { verdict: 'restricted', reason: 'WhatsApp has locked this account' },
  405: { verdict: 'refused', reason: 'WhatsApp no longer accepts this version; upgrade Postern' },
  406: { verdict: 'restricted', reason: 'WhatsApp has banned this account' },
  408: { verdict: 'retry', reason: 'the server was silent' },
  409: { verdict: 'refused', reason: 'WhatsApp does not accept this client' },
  411: { verdict: 'refused', reason: 'the phone must allow linked devices first' },
  428: { verdict: 'retry', reason: 'the connection was lost' },
  440: { verdict: 'replaced', reason: 'another connection took over this device; restart to take it back' },
  463: { verdict: 'restricted', reason: 'WhatsApp has restricted this account' },
  500: { verdict: 'retry', reason: 'WhatsApp ended the session without a reason' },
  503: { verdict: 'retry', reason: 'WhatsApp is unavailable' },
  515: { verdict: 'restart', reason: 'WhatsApp asked for a new connection' },
}

/** Reads a close code. What nobody knows, and an end without a code, is tried again: it may pass. */
export function meaningOf(code: number | undefined): Meaning {
  if (code === undefined) return { verdict: 'retry', reason: 'the connection ended' }
  return MEANINGS[code] ?? { verdict: 'retry', reason: `the connection ended with ${code}` }
}

/** A word for the code that takes one of a few values, whatever a server sends. */
export function codeWord(code: number | undefined): string {
  if (code === undefined) return 'none'
  return MEANINGS[code] === undefined ? 'other' : String(code)
}
