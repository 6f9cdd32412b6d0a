import type { Mailbox } from '../../store/mail/queue.ts'
import { SERVER } from '../../wire/address.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import type { Outlet } from '../phone.ts'

/** Tells a linked device how few one-time keys it has left, so that it uploads more. */
export function sendPreKeysLow({ world, enqueue }: Outlet, mailbox: Mailbox): void {
  const left = world.preKeys.count(mailbox.number, mailbox.device)
  const attributes = {
    from: SERVER,
    type: 'encrypt',
    id: world.random.of(mailbox.number).hex(8),
    t: seconds(world.now()),
  }
  const node = stanza('notification', attributes, [stanza('count', { value: String(left) })])
  enqueue(mailbox, 'notification', node)
}
