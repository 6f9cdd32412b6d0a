import { sleep } from '../../gateway/sandbox.ts'
import { control } from '../traffic/people.ts'

export type GestureOptions = {
  readonly admin: string
  readonly account: string
  readonly numbers: readonly string[]
  readonly ending: AbortSignal
}

const EVERY_MS = 400
const BREAK_EVERY = 10

/**
 * What people do besides writing, so that every kind of stanza comes: they read, call, change a group, and now and then the
 * connection breaks.
 */
export async function gesture({ admin, account, numbers, ending }: GestureOptions): Promise<void> {
  const [caller = '', other = ''] = numbers
  const group = await control<{ id: string }>(admin, '/groups', {
    subject: 'The rig',
    participants: [account, caller, other],
    creator: caller,
  })
  for (let n = 1; !ending.aborted; n++) {
    await control(admin, `/phones/${caller}/call`, { to: account })
    await fetch(`${admin}/groups/${group.id}`, {
      method: 'PATCH',
      body: JSON.stringify({ subject: `The rig, ${n}` }),
      headers: { 'content-type': 'application/json' },
    })
    if (n % BREAK_EVERY === 0) await breakConnection(admin, account)
    await sleep(EVERY_MS)
  }
}

/**
 * Only one that stands. A break that is asked for while the app is down, or waits before it connects again, meets its next
 * log-in; on a busy machine each log-in met one, and the account was never open.
 */
async function breakConnection(admin: string, account: string): Promise<void> {
  type Stats = { readonly per_account: Readonly<Record<string, { readonly connections: number }>> }
  const { per_account } = await control<Stats>(admin, '/stats')
  if ((per_account[account]?.connections ?? 0) > 0)
    await control(admin, '/faults', { kind: 'drop-connection', account })
}
