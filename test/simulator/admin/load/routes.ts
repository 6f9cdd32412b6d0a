import { isPlayed } from '../../phones/phone.ts'
import type { LedgerEntry } from '../../store/mail/ledger.ts'
import { boxOf } from '../../store/mail/queue.ts'
import { AdminError, readNumber } from '../body.ts'
import type { AdminRequest, AdminRoutes } from '../routes.ts'
import { planLoad } from './plan.ts'

const MAX_ENTRIES = 10_000
const DEFAULT_ENTRIES = 1_000

/** Much talk at once, and the ledger of what every phone has sent and seen. */
export const loadRoutes: AdminRoutes = {
  'GET /load': ({ load }) => load.state ?? { running: false },
  'POST /load': start,
  'DELETE /load': ({ load }) => {
    load.stop()
    return load.state ?? { running: false }
  },
  'GET /ledger': ledger,
}

async function start({ network, load, body }: AdminRequest): Promise<unknown> {
  if (load.isRunning) throw new AdminError(409, 'a load is running; DELETE /load stops it')
  const plan = planLoad(network, body)
  await network.world.db.committed()
  load.start(plan)
  const phones = [...new Set(plan.talks.flatMap(({ people }) => people.map(({ number }) => `+${number}`)))]
  return { ...load.state, phones }
}

function ledger({ network, query }: AdminRequest): unknown {
  const after = numberIn(query, 'after', 0)
  const limit = Math.min(numberIn(query, 'limit', DEFAULT_ENTRIES), MAX_ENTRIES)
  const phone = query.get('phone')
  const mailbox =
    phone === null ? undefined : { number: readNumber(phone, 'phone'), device: numberIn(query, 'device', 0) }
  if (mailbox !== undefined && !isPlayed(network.world, mailbox)) {
    throw new AdminError(
      404,
      `+${mailbox.number} has no companion ${mailbox.device} that the simulator plays`,
    )
  }
  const entries = network.world.ledger.list({ after, limit, box: mailbox && boxOf(mailbox) })
  return { data: entries.map(show), next: entries.length < limit ? null : entries.at(-1)?.seq }
}

function numberIn(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name) ?? String(absent)
  if (!/^\d{1,15}$/.test(text)) throw new AdminError(400, `\`${name}\` must be a whole number, 0 or more`)
  return Number(text)
}

function show({ mailbox, from, chat, ...entry }: LedgerEntry & { readonly seq: number }): unknown {
  const { number, device } = mailbox
  return {
    phone: `+${number}`,
    device,
    ...entry,
    from: `+${from}`,
    chat: /^\d+$/.test(chat) ? `+${chat}` : chat,
  }
}
