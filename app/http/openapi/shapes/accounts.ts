import { FLAG, INSTANT, listOf, oneOfWords, orNull, shape, TEXT } from './shape.ts'

/** Accounts, and who asks. */
export const ACCOUNT_SHAPES = {
  Account: shape({
    ...{ name: TEXT, display_name: TEXT, phone: orNull(TEXT) },
    state: oneOfWords(['unlinked', 'pairing', 'connecting', 'open', 'closed', 'logged_out', 'paused']),
    health: shape({ connected: FLAG, receiving: FLAG, sending: FLAG }),
    last_stanza_at: orNull(INSTANT),
    clock_ahead_ms: orNull({ type: 'integer' }),
    reason: orNull(TEXT),
  }),
  Link: shape(
    {
      state: oneOfWords(['waiting', 'scanned', 'done', 'expired', 'failed']),
      qr: { type: 'string', description: 'the text of the QR code' },
      code: { type: 'string', description: 'what to type on the phone' },
      ...{ expires_at: INSTANT, reason: TEXT },
    },
    ['qr', 'code', 'reason'],
  ),
  Profile: shape({ name: orNull(TEXT), about: orNull(TEXT), picture_url: orNull(TEXT) }),
  Caller: shape({
    ...{ principal: TEXT, kind: oneOfWords(['service', 'operator']) },
    credential: shape(
      {
        kind: oneOfWords(['certificate', 'api_key', 'basic', 'local']),
        ...{ serial: TEXT, expires_at: INSTANT, id: TEXT, user: TEXT },
      },
      ['serial', 'expires_at', 'id', 'user'],
    ),
    ...{ network: orNull(TEXT), ip: TEXT, site: TEXT, roles: listOf(TEXT), expires_at: orNull(INSTANT) },
    ...{ policy: shape({ revision: TEXT, digest: TEXT }), sandbox: FLAG },
  }),
} as const
