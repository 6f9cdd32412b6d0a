import type { Account, Link } from '../../model/account.ts'

/** An account as the API shows it. */
export function accountJson(account: Account): object {
  return {
    name: account.name,
    display_name: account.displayName ?? account.name,
    phone: account.phone ?? null,
    state: account.state,
    health: account.health,
    last_stanza_at: account.lastStanzaAt?.toISOString() ?? null,
    clock_ahead_ms: account.clockAheadMs ?? null,
    reason: account.reason ?? null,
  }
}

/** A link as the API shows it: `qr` is the text of the QR code, `code` the one to type on the phone. */
export function linkJson(link: Link): object {
  return {
    state: link.state,
    ...(link.qr === undefined ? {} : { qr: link.qr }),
    ...(link.code === undefined ? {} : { code: link.code }),
    expires_at: link.expiresAt.toISOString(),
    ...(link.reason === undefined ? {} : { reason: link.reason }),
  }
}
