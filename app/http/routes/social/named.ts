import { type ChatId, parseRecipient, type Recipient } from '../../../model/chat.ts'
import { invalid, type Parsed, parsed, problem } from '../../answer.ts'
import type { Resource } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import type { SocialDeps } from './whatsapp.ts'

type StoreDeps = Pick<SocialDeps, 'store'>

/** The group that the path names. */
export function groupIn(call: Call): Parsed<ChatId> {
  const recipient = parseRecipient(param(call, 'group'), call.policy.snapshot.phoneRule)
  if (recipient?.kind === 'group') return parsed(recipient.chat)
  return problem('invalid-recipient', 'The path must name a group by its id: …@g.us.')
}

/** For access rules: a group is touched as the recipient that it is for messages. */
export const touchesGroup = (call: Call): Resource => ({ to: param(call, 'group'), recipientKind: 'group' })

/** The channel that the path names. */
export function channelIn(call: Call): Parsed<string> {
  const recipient = parseRecipient(param(call, 'channel'), call.policy.snapshot.phoneRule)
  if (recipient?.kind === 'channel') return parsed(recipient.chat)
  return problem('invalid-recipient', 'The path must name a channel by its id: …@newsletter.')
}

export const touchesChannel = (call: Call): Resource => ({
  to: param(call, 'channel'),
  recipientKind: 'channel',
})

/** The chat that a path parameter names, by the number where that is known. */
export async function chatIn(
  call: Call,
  name: 'chat' | 'phone',
  { store }: StoreDeps,
): Promise<Parsed<Recipient>> {
  const recipient = parseRecipient(param(call, name), call.policy.snapshot.phoneRule)
  const isMeant = recipient?.kind === 'contact' || (name === 'chat' && recipient?.kind === 'group')
  if (recipient === undefined || !isMeant) {
    const what = name === 'phone' ? 'a phone number' : 'a chat by its phone number, or a group by its id'
    return problem('invalid-recipient', `The path must name ${what}; a number with or without +.`)
  }
  return parsed({ ...recipient, chat: await store.contacts.nameOf(recipient.chat) })
}

/** For access rules: the chat or contact that the path names. */
export function touchesChat(name: 'chat' | 'phone', deps: StoreDeps): (call: Call) => Promise<Resource> {
  return async call => {
    const named = await chatIn(call, name, deps)
    return named.kind === 'problem' ? {} : { to: named.value.chat, recipientKind: named.value.kind }
  }
}

/** The people that a body names, by their numbers where those are known. */
export async function peopleIn(
  call: Call,
  { list, path }: { readonly list: readonly string[]; readonly path: string },
  { store }: StoreDeps,
): Promise<Parsed<readonly ChatId[]>> {
  const people: ChatId[] = []
  for (const [index, text] of list.entries()) {
    const recipient = parseRecipient(text, call.policy.snapshot.phoneRule)
    if (recipient?.kind !== 'contact')
      return invalid(`${path}[${index}]`, 'must be a phone number in international form')
    people.push(await store.contacts.nameOf(recipient.chat))
  }
  return parsed([...new Set(people)])
}

/** Who wants no more messages is put into no group either. */
export async function wanting(
  people: readonly ChatId[],
  path: string,
  { store }: StoreDeps,
): Promise<Parsed<readonly ChatId[]>> {
  for (const [index, contact] of people.entries()) {
    const { optedOutAt } = await store.contacts.standing(contact)
    if (optedOutAt !== undefined) {
      const message = 'has asked for no more messages'
      const errors = [{ path: `${path}[${index}]`, message }]
      return problem('denied', `Somebody in ${path} ${message}.`, { errors })
    }
  }
  return parsed(people)
}

/** A page of what WhatsApp tells all at once, in the order of ids, so that pages fit together. */
export function pageById<Item extends { readonly id: string }>(
  all: readonly Item[],
  { after = '', limit }: { readonly after?: string; readonly limit: number },
): { readonly page: readonly Item[]; readonly next: string | null } {
  const rest = all.filter(({ id }) => id > after).sort((one, other) => (one.id < other.id ? -1 : 1))
  const page = rest.slice(0, limit)
  return { page, next: rest.length > page.length ? (page.at(-1)?.id ?? null) : null }
}
