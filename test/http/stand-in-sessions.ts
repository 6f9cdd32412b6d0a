import type { Account, Link } from '../../app/model/account.ts'
import type { Sessions } from '../../app/whatsapp/sessions.ts'

/**
 * Accounts that stand where a test puts them, without WhatsApp: `main` is open, `spare` is not linked. The real sessions
 * are met end to end in test/gateway.
 */
export function standInSessions(): Sessions {
  const accounts = new Map<string, Account>([
    ['main', account('main', 'Billing', 'open')],
    ['spare', account('spare', 'Spare', 'unlinked')],
  ])
  const links = new Map<string, Link>()
  const move = async (name: string, state: Account['state']) => {
    const found = accounts.get(name)
    if (found === undefined) return { kind: 'unknown-account' } as const
    if (found.state === state)
      return { kind: 'wrong-state', reason: `the account is ${state} already` } as const
    const moved = { ...found, state }
    accounts.set(name, moved)
    return { kind: 'done', account: moved } as const
  }
  return {
    start: async () => {},
    stop: async () => {},
    followPolicy: async () => {},
    list: () => [...accounts.values()],
    get: name => accounts.get(name),
    async link(name, request) {
      if (accounts.get(name) === undefined) return { kind: 'unknown-account' }
      if (accounts.get(name)?.state === 'open') return { kind: 'already-linked' }
      const shown = request.method === 'code' ? { code: 'ABCD-1234' } : { qr: '2@stand-in,for,a,real,one' }
      const link: Link = { state: 'waiting', expiresAt: new Date(Date.now() + 60_000), ...shown }
      links.set(name, link)
      return { kind: 'started', link }
    },
    currentLink: name => links.get(name),
    logout: name => move(name, 'unlinked'),
    restart: name => move(name, 'connecting'),
    pause: name => move(name, 'paused'),
    resume: name => move(name, 'open'),
    ask: async name => ({ kind: 'not-open', state: accounts.get(name)?.state ?? 'unlinked' }),
    send: async () => ({ kind: 'retry', reason: 'nobody sends here' }),
    openAccounts: () => [],
    onOpen: () => {},
    mediaHost: async () => undefined,
  }
}

function account(name: string, displayName: string, state: Account['state']): Account {
  const open = state === 'open'
  const health = { connected: open, receiving: open, sending: open }
  return {
    name,
    displayName,
    state,
    health,
    ...(open ? { phone: '+12025550100', lastStanzaAt: new Date() } : {}),
  }
}
