import { sendPreKeysLow } from '../../phones/signal/prekeys-low.ts'
import type { Device } from '../../store/people/devices.ts'
import { stanza } from '../../wire/stanza.ts'
import type { Client } from '../client.ts'
import { unlink } from '../linking/unlink.ts'
import type { Network } from '../network.ts'
import { endsConnection, type Fault } from './kinds.ts'

const DEFAULT_STREAM_ERROR = 500
const UNAVAILABLE = 503
const LOGGED_OUT = 401
const HOUR_MS = 60 * 60 * 1000
/** What a device has left of its one-time keys when it is asked for more. */
const LOW = 3

/** Lets a connection fault happen to a connection. */
export function strike(network: Network, client: Client, fault: Fault): void {
  const { connection } = client
  switch (fault.kind) {
    case 'drop-connection':
      if (fault.bytes === undefined) connection.cut()
      else connection.cutAfter(fault.bytes, fault.direction ?? 'down')
      return
    case 'stream-error':
      client.endWith({ code: fault.code ?? DEFAULT_STREAM_ERROR })
      return
    case 'service-unavailable':
      client.endWith({ code: UNAVAILABLE })
      return
    case 'conflict':
      client.endWith({ conflict: 'replaced' })
      return
    case 'corrupt-frame':
      connection.corrupt()
      return
    case 'silent':
      connection.silence()
      return
    case 'deaf':
      client.isDeaf = true
      return
    case 'clock-skew':
      client.skewMs = fault.skewMs ?? HOUR_MS
      return
    default:
      if (client.account !== undefined) strikeDevice(network, client.account.device, fault)
  }
}

function strikeDevice(network: Network, device: Device, { kind }: Fault): void {
  const { world, delivery } = network
  if (kind === 'logged-out') unlink(network, device)
  if (kind === 'prekeys-gone') world.preKeys.remove(device.number, device.id)
  if (kind !== 'prekeys-low') return
  while (world.preKeys.count(device.number, device.id) > LOW) world.preKeys.take(device.number, device.id)
  sendPreKeysLow(
    { world, enqueue: delivery.enqueue.bind(delivery) },
    { number: device.number, device: device.id },
  )
}

/** Lets the account's due connection faults happen to its open connections. */
export function strikeOpen(network: Network, account?: string): void {
  for (const client of network.clients.loggedIn(account)) {
    const number = client.account?.user.number ?? ''
    for (const fault of network.faults.connectionFaults(number)) strike(network, client, fault)
  }
}

/** Counts a message of an account, either way, and lets the faults happen whose turn it is. */
export function strikeAfterMessage(network: Network, client: Client, account: string): void {
  for (const fault of network.faults.messagePassed(account)) strike(network, client, fault)
}

/** Lets the faults of a log-in happen; true when one of them has put an end to it. */
export function strikeLogin(network: Network, client: Client, account: string): boolean {
  const faults = network.faults.connectionFaults(account)
  for (const fault of faults) {
    const reason = refusalReason(fault)
    if (fault.kind === 'logged-out') strike(network, client, fault)
    if (reason === undefined) strike(network, client, fault)
    else client.connection.end(stanza('failure', { reason: String(reason), location: 'sim' }))
  }
  return faults.some(endsConnection)
}

/** Before a log-in has succeeded, WhatsApp says `failure` where it says `stream:error` afterwards. */
function refusalReason({ kind, code }: Fault): number | undefined {
  if (kind === 'service-unavailable') return UNAVAILABLE
  if (kind === 'logged-out') return LOGGED_OUT
  return kind === 'stream-error' ? (code ?? DEFAULT_STREAM_ERROR) : undefined
}
