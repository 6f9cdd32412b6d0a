import { userAt } from '../../phones/receiving/incoming.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf, parseAddress } from '../../wire/address.ts'
import { children, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { Client, LoggedIn } from '../client.ts'
import type { Network } from '../network.ts'
import { recordViolation } from '../violations.ts'

export const TYPING_STATES = ['composing', 'recording', 'paused'] as const
export type TypingState = (typeof TYPING_STATES)[number]

/** Shows that somebody types or records, or no longer; only to devices that are connected. */
export function showTyping(
  network: Network,
  from: User,
  { to, state }: { to: User; state: TypingState },
): void {
  const sign = state === 'recording' ? stanza('composing', { media: 'audio' }) : stanza(state, {})
  tell(network, to, stanza('chatstate', { from: jidOf(from, 'pn') }, [sign]))
}

export const CALL_EVENTS = ['offer', 'accept', 'reject', 'terminate', 'timeout'] as const
export type CallEvent = (typeof CALL_EVENTS)[number]

export type Call = {
  readonly to: User
  readonly callId: string
  readonly event: CallEvent
  readonly isVideo: boolean
}

/** Rings at the connected devices of a user, or says that a call has been taken or is over. */
export function signalCall(network: Network, from: User, { to, callId, event, isVideo }: Call): void {
  const { world } = network
  const caller = jidOf(from, 'pn')
  const about = { 'call-id': callId, 'call-creator': caller, caller_pn: caller }
  const media = [stanza('audio', { enc: 'opus', rate: '16000' }), ...(isVideo ? [stanza('video', {})] : [])]
  const tag = event === 'timeout' ? 'terminate' : event
  const reason = event === 'timeout' ? { reason: 'timeout' } : {}
  const content = [stanza(tag, { ...about, ...reason }, event === 'offer' ? media : undefined)]
  const attributes = {
    from: caller,
    id: world.random.of(from.number).hex(8),
    t: seconds(world.now()),
    notify: from.name,
  }
  tell(network, to, stanza('call', attributes, content))
}

/** Takes what a device does about a call, and lets the phone that called know. */
export function takeCall(network: Network, client: Client, { user }: LoggedIn, node: Stanza): void {
  const { world } = network
  const { id, to } = node.attrs
  const act = children(node)[0]
  const caller = userAt(world, parseAddress(to))
  if (id === undefined || act === undefined || caller === undefined) {
    const detail = `a call stanza to ${to} without id or content`
    recordViolation(world, { kind: 'malformed-stanza', account: user.number, detail })
    return
  }
  client.send(stanza('ack', { class: 'call', id, from: to, type: act.tag }))
  fileCall(world, { caller, callee: user, id, act })
}

type CallAct = { readonly caller: User; readonly callee: User; readonly id: string; readonly act: Stanza }

function fileCall(world: World, { caller, callee, id, act }: CallAct): void {
  const from = `+${callee.number}`
  const content = { call_id: act.attrs['call-id'] ?? '', event: act.tag }
  const entry = { id, from, chat: from, type: 'call', content, at: world.now().toISOString() }
  world.inbox.add(caller.number, { entry, by: 'pn' })
}

function tell({ clients }: Network, to: User, node: Stanza): void {
  for (const client of clients.loggedIn(to.number)) if (client.isReady) client.send(node)
}
