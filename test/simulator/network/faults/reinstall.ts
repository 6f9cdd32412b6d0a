import { clientsOf } from '../../phones/phone.ts'
import type { User } from '../../store/people/users.ts'
import { jidOf } from '../../wire/address.ts'
import { seconds, stanza } from '../../wire/stanza.ts'
import { unlink } from '../linking/unlink.ts'
import type { Network } from '../network.ts'

/**
 * What happens when somebody sets up WhatsApp anew on their phone: other keys, no sessions, no linked devices. The
 * linked devices of everybody they have written with are told that their identity has changed.
 */
export function reinstall(network: Network, user: User): void {
  const { world, phones, delivery } = network
  const { number } = user
  for (const device of world.devices.ofUser(number)) unlink(network, device)
  phones.reinstall(number)
  const attributes = { from: jidOf(user, 'pn'), type: 'encrypt', t: seconds(world.now()) }
  for (const partner of world.sent.partners(number)) {
    for (const mailbox of clientsOf(world, partner)) {
      const notification = stanza('notification', { ...attributes, id: world.random.of(partner).hex(8) }, [
        stanza('identity'),
      ])
      delivery.enqueue(mailbox, 'notification', notification)
    }
  }
}

/** Lets the identity changes happen that nothing is to come before. */
export function reinstallDue(network: Network, account?: string): void {
  const { world, faults } = network
  const phones = account === undefined ? world.users.list() : [world.users.get(account)]
  for (const user of phones) {
    if (user !== undefined && faults.fires('identity-change', user.number) !== undefined)
      reinstall(network, user)
  }
}
