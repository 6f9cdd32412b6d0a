import type { proto } from '@whiskeysockets/baileys'
import { jidOf } from '../wire/address.ts'
import { seconds, stanza } from '../wire/stanza.ts'
import type { Client } from './client.ts'
import { strikeLogin } from './faults/strike.ts'
import type { Network } from './network.ts'

/** Lets a linked device in: known, with the Noise key that it was linked with, and no fault in the way. */
export function logIn(network: Network, client: Client, payload: proto.IClientPayload): void {
  const { world, clients } = network
  const number = String(payload.username ?? '')
  const user = world.users.get(number)
  const device = world.devices.get(number, payload.device ?? 0)
  if (user === undefined || device === undefined || !client.noiseKey.equals(device.noiseKey)) {
    client.connection.end(stanza('failure', { reason: '401', location: 'sim' }))
    return
  }
  client.account = { user, device }
  if (strikeLogin(network, client, number)) return
  clients.bind(client, { number, device: device.id })?.endWith({ conflict: 'replaced' })
  client.send(
    stanza('success', {
      t: seconds(world.now()),
      lid: jidOf(user, 'lid', device.id),
      props: '27',
      companion_enc_static: '',
    }),
  )
}

/** What follows a device's wish to be active: everything it missed, and its phone's greeting if it is new. */
export async function goActive(network: Network, client: Client): Promise<void> {
  const { world, delivery, phones } = network
  if (client.account === undefined) return
  const { user, device } = client.account
  delivery.flush(client, { number: user.number, device: device.id })
  if (world.devices.get(user.number, device.id)?.bootstrapped !== false) return
  await phones.bootstrap(user, device)
}
