import { clientsOf } from '../../phones/phone.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import type { User } from '../../store/people/users.ts'
import type { Group } from '../../store/social/groups.ts'
import { jidOf, parseAddress } from '../../wire/address.ts'
import { children, type Stanza, stanza } from '../../wire/stanza.ts'
import type { Client, LoggedIn } from '../client.ts'
import { isMember } from '../groups/rights.ts'
import type { Network } from '../network.ts'
import { recordViolation } from '../violations.ts'

const TYPING = ['composing', 'paused']

/** A device says that its user is there or not, or wants to know that of somebody. */
export function takePresence(
  { world, presences }: Network,
  client: Client,
  account: LoggedIn,
  node: Stanza,
): void {
  const { type = 'available', to } = node.attrs
  if (type === 'available' || type === 'unavailable') {
    presences.set(account.user, type === 'available')
    return
  }
  const address = parseAddress(to)
  const user = userAt(world, address)
  if (type === 'subscribe' && user !== undefined && address !== undefined) {
    presences.subscribe(client, user, address.by)
  }
}

/** A device says that its user types: told to the phones and the devices that are there now, kept for nobody. */
export function takeChatState(network: Network, { user }: LoggedIn, node: Stanza): void {
  const { world } = network
  const [state] = children(node)
  if (state === undefined || !TYPING.includes(state.tag)) {
    recordViolation(world, {
      kind: 'malformed-stanza',
      account: user.number,
      detail: 'a chatstate of nothing',
    })
    return
  }
  const group = world.groups.get(node.attrs.to ?? '')
  if (group !== undefined) {
    typeInGroup(network, user, { group, state })
    return
  }
  const address = parseAddress(node.attrs.to)
  const to = userAt(world, address)
  if (to === undefined || address === undefined || world.profiles.isBlocked(to.number, user.number)) return
  tell(network, to, stanza('chatstate', { from: jidOf(user, address.by) }, [state]))
  notice(network, to, { from: user, chat: `+${user.number}`, state })
}

function typeInGroup(network: Network, user: User, { group, state }: { group: Group; state: Stanza }): void {
  if (!isMember(group, user.number)) return
  const attributes = { from: group.id, participant: jidOf(user, group.addressing) }
  for (const { number } of group.members) {
    const member = network.world.users.get(number)
    if (member === undefined || number === user.number) continue
    tell(network, member, stanza('chatstate', attributes, [state]))
    notice(network, member, { from: user, chat: group.id, state })
  }
}

function tell({ world, clients }: Network, to: User, node: Stanza): void {
  for (const mailbox of clientsOf(world, to.number)) {
    const client = clients.of(mailbox)
    if (client?.isReady) client.send(node)
  }
}

function notice(
  { world, presences }: Network,
  to: User,
  { from, chat, state }: { from: User; chat: string; state: Stanza },
): void {
  const shown = state.tag === 'composing' && state.attrs.media === 'audio' ? 'recording' : state.tag
  const sign = { from: `+${from.number}`, chat, state: shown, at: world.now().toISOString() }
  presences.notice(to.number, sign)
}
