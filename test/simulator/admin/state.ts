import { archive, contact, markRead, mute, pin, type StateAction, star } from '../phones/app-state/actions.ts'
import { setOnPhone } from '../phones/app-state/change.ts'
import { PLAIN_CHAT, viewState } from '../phones/app-state/view.ts'
import { chatsOf } from '../phones/history/chats.ts'
import { findKnown } from '../phones/known.ts'
import { chatIn, chatWith } from '../phones/sending/writer.ts'
import type { User } from '../store/people/users.ts'
import type { World } from '../store/world.ts'
import { isCircleJid, jidOf } from '../wire/address.ts'
import { AdminError, readBody } from './body.ts'
import { userOf } from './destination.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const FOR_EVER = 'always'

/** What people set on their phones and all their devices share: chats, stars, the address book; and its key. */
export const stateRoutes: AdminRoutes = {
  'GET /phones/{number}/chats': request => ({ data: showChats(request.network.world, phoneOf(request)) }),
  'PATCH /phones/{number}/chats/{chat}': changeChat,
  'POST /phones/{number}/star': changeStar,
  'GET /phones/{number}/contacts': request => ({
    data: showContacts(request.network.world, phoneOf(request)),
  }),
  'PUT /phones/{number}/contacts/{contact}': request => {
    const { name, first_name } = readBody(request.body, { name: 'string', first_name: 'string?' })
    const firstName = first_name ?? name.split(' ')[0] ?? name
    return changeContact(request, { fullName: name, firstName })
  },
  'DELETE /phones/{number}/contacts/{contact}': request => changeContact(request, undefined),
  'POST /phones/{number}/state-key': async request => {
    const { phones, world } = request.network
    const user = phoneOf(request)
    await phones.rotateStateKey(user)
    return { key_id: world.stateKeys.list(user.number, world.now()).at(-1)?.id.toString('base64') }
  },
}

/** Sets something on a phone, once it is durable for its companions. */
async function set({ network }: AdminRequest, user: User, actions: readonly StateAction[]): Promise<void> {
  const { world, delivery } = network
  const outlet = { world, enqueue: delivery.enqueue.bind(delivery) }
  for (const action of actions) setOnPhone(outlet, user, action)
  await world.db.committed()
}

async function changeChat(request: AdminRequest): Promise<unknown> {
  const { world } = request.network
  const user = phoneOf(request)
  const { archived, muted_until, pinned, unread } = readBody(request.body, {
    archived: 'boolean?',
    muted_until: 'any?',
    pinned: 'boolean?',
    unread: 'boolean?',
  })
  const { name, jid } = chatAsked(world, request.path.chat ?? '')
  const end = endOf(world, user, name)
  await set(request, user, [
    ...(archived === undefined ? [] : [archive(jid, archived, end)]),
    ...(muted_until === undefined ? [] : [mute(jid, endOfMuting(muted_until))]),
    ...(pinned === undefined ? [] : [pin(jid, pinned)]),
    ...(unread === undefined ? [] : [markRead(jid, !unread, end)]),
  ])
  return showChats(world, user).find(({ chat }) => chat === shownName(name))
}

function endOf(world: World, user: User, name: string): { lastMessageTimestamp?: number } {
  const [newest] = chatsOf(world, user).find(chat => chat.name === name)?.messages ?? []
  return newest === undefined ? {} : { lastMessageTimestamp: Number(newest.messageTimestamp) }
}

function endOfMuting(asked: unknown): number | undefined {
  if (asked === null) return undefined
  if (asked === FOR_EVER) return -1
  const at = typeof asked === 'string' ? Date.parse(asked) : Number.NaN
  if (Number.isNaN(at))
    throw new AdminError(400, `\`muted_until\` must be a time, \`${FOR_EVER}\` or null for not any more`)
  return at
}

/** A chat by its number or its group's id, and what WhatsApp calls it. */
function chatAsked(world: World, text: string): { readonly name: string; readonly jid: string } {
  const group = world.groups.get(text)
  if (group !== undefined) return { name: group.id, jid: chatIn(group).jid }
  const other = userOf(world, text, 'chat')
  return { name: other.number, jid: chatWith(other).jid }
}

async function changeStar(request: AdminRequest): Promise<unknown> {
  const { world } = request.network
  const user = phoneOf(request)
  const { message_id: id, starred = true } = readBody(request.body, {
    message_id: 'string',
    starred: 'boolean?',
  })
  const known = findKnown(world, user, { id })
  const name = world.sent.find(user.number, id)?.to ?? world.inbox.find(user.number, id)?.entry.chat
  if (known === undefined || name === undefined)
    throw new AdminError(404, `+${user.number} has no message ${id}`)
  const { jid } = chatAsked(world, name)
  const inGroup = isCircleJid(jid) && !known.isOwn ? { participant: known.author } : {}
  await set(request, user, [star({ chat: jid, id, fromMe: known.isOwn, ...inGroup }, starred)])
  return { message_id: id, starred }
}

async function changeContact(
  request: AdminRequest,
  name: { fullName: string; firstName: string } | undefined,
): Promise<unknown> {
  const { world } = request.network
  const user = phoneOf(request)
  const other = userOf(world, request.path.contact ?? '', 'contact')
  await set(request, user, [contact(jidOf(other, 'pn'), jidOf(other, 'lid'), name)])
  return { data: showContacts(world, user) }
}

type ShownChat = Readonly<Record<string, unknown>> & { readonly chat: string }

function showChats(world: World, user: User): readonly ShownChat[] {
  const { chats, contacts } = viewState(world, user)
  const counts = new Map(chatsOf(world, user).map(({ name, messages }) => [name, messages.length]))
  return [...new Set([...counts.keys(), ...chats.keys()])].map(name => {
    const { archived, mutedUntil, pinnedAt, isMarkedUnread } = chats.get(name) ?? PLAIN_CHAT
    return {
      chat: shownName(name),
      name: world.groups.get(name)?.subject.body ?? contacts.get(name)?.fullName ?? null,
      archived,
      muted_until: showMuting(mutedUntil),
      pinned: pinnedAt !== undefined,
      unread: isMarkedUnread,
      message_count: counts.get(name) ?? 0,
    }
  })
}

function showMuting(until: number | undefined): string | null {
  if (until === undefined) return null
  return until === -1 ? FOR_EVER : new Date(until).toISOString()
}

function showContacts(world: World, user: User): unknown[] {
  return [...viewState(world, user).contacts].map(([number, { fullName, firstName }]) => ({
    number: shownName(number),
    name: fullName,
    first_name: firstName,
  }))
}

function shownName(name: string): string {
  return /^\d+$/.test(name) ? `+${name}` : name
}
