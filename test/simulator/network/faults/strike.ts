import { sendPreKeysLow } from '../../phones/signal/prekeys-low.ts'
import type { Device } from '../../store/people/devices.ts'
import { stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'
import { unlink } from '../linking/unlink.ts'
import type { Network } from '../network.ts'
import type { Fault } from './faults.ts'

const DEFAULT_STREAM_ERROR = 500

/** Lets a connection fault happen to a connection. */
export function strike(network: Network, client: Client, fault: Fault): void {
  switch (fault.kind) {
    case 'drop-connection':
      client.connection.cut()
      return
    case 'stream-error':
      client.endWith({ code: fault.code ?? DEFAULT_STREAM_ERROR })
      return
    case 'service-unavailable':
      client.endWith({ code: 503 })
      return
    case 'conflict':
      client.endWith({ conflict: 'replaced' })
      return
    case 'corrupt-frame':
      client.connection.corrupt()
      return
    case 'prekeys-low':
      if (client.account !== undefined) losePreKeys(network, client.account.device)
      return
    case 'logged-out':
      if (client.account !== undefined) unlink(network, client.account.device)
      return
    default:
      return
  }
}

function losePreKeys({ world, delivery }: Network, { number, id }: Device): void {
  world.preKeys.remove(number, id)
  sendPreKeysLow({ world, enqueue: delivery.enqueue.bind(delivery) }, { number, device: id })
}

/** Lets the account's due connection faults happen to its open connections. */
export function strikeOpen(network: Network, account?: string): void {
  for (const client of network.clients.loggedIn(account)) {
    const fault = network.faults.connectionFault(client.account?.user.number ?? '')
    if (fault !== undefined) strike(network, client, fault)
  }
}

/** Refuses a log-in that a fault forbids; false when there is none. */
export function refusesLogin(network: Network, client: Client, account: string): boolean {
  const fault = network.faults.connectionFault(account)
  if (fault === undefined) return false
  if (fault.kind === 'service-unavailable')
    client.connection.end(stanza('failure', { reason: '503', location: 'sim' }))
  else strike(network, client, fault)
  return true
}
