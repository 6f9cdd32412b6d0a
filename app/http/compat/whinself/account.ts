import type { AccountState } from '../../../model/account.ts'
import { type ChatId, jidOf, kindOfChat } from '../../../model/chat.ts'
import { type Answer, invalid, json, type Parsed, parsed, problem } from '../../answer.ts'
import { may, type Resource } from '../../authorize.ts'
import type { HttpDeps } from '../../deps.ts'
import { type Call, param } from '../../hop/call.ts'
import { pictureOf } from '../../routes/link.ts'
import type { Route } from '../../routes/route.ts'
import { act, ask } from '../../routes/social/whatsapp.ts'
import { bodyReader } from '../../schemas/body.ts'
import { asked, fromAPage, recipientOf, sentence, whinselfRoute } from './asking.ts'
import { CONTACT_SCHEMA, NEW_CONTACT_SCHEMA, NOTHING_SCHEMA, PHONE_SCHEMA } from './schema.ts'

type Named = { readonly jid: string }

const readNothing = bodyReader<object>(NOTHING_SCHEMA)
const readNew = bodyReader<Named & { name: string }>(NEW_CONTACT_SCHEMA)
const readNamed = bodyReader<Named>(CONTACT_SCHEMA)
const readPhone = bodyReader<{ phone: string }>(PHONE_SCHEMA)
const READ = 'contacts.read'
const WRITE = 'contacts.write'
const MAX_CHATS = 200

/** Whinself's own words for how it stands with a number. */
const STATES: Readonly<Record<AccountState, string>> = {
  open: 'active',
  connecting: 'connecting',
  closed: 'connecting',
  paused: 'sleep',
  pairing: 'pending enrollment',
  unlinked: 'pending enrollment',
  logged_out: 'pending enrollment',
}

/** The address book of the phone, how the account stands, and the picture that links it. */
export function whinselfAccountRoutes(deps: HttpDeps): readonly Route[] {
  return [
    whinselfRoute('post createcontact', WRITE, call => name(call, readNew, deps)),
    whinselfRoute('post deletecontact', WRITE, call => name(call, readNamed, deps)),
    whinselfRoute('get getcontact', READ, call => show(call, deps)),
    whinselfRoute('get getcontacts', READ, call => list(call, deps)),
    whinselfRoute('get status', 'accounts.read', call => status(call, deps)),
    whinselfRoute('get qrpng', 'accounts.link', call => qr(call, deps)),
  ]
}

type Naming = Named & { readonly name?: string }

/** With a name the contact is put into the address book, without one taken out. */
async function name(call: Call, read: (raw: unknown) => Parsed<Naming>, deps: HttpDeps): Promise<Answer> {
  const body = await asked(call, { read, action: WRITE, touches: ({ jid }) => touched(jid) }, deps)
  if (body.kind === 'problem') return body
  const contact = contactOf(call, body.value.jid, '$.jid')
  if (contact.kind === 'problem') return contact
  const { name: given } = body.value
  const operation = given === undefined ? 'forget' : 'name'
  const deed = { action: WRITE, target: contact.value, detail: { operation } }
  const done = await act(
    call,
    { deed, question: ({ contacts }) => contacts.name(contact.value, given) },
    deps,
  )
  if (done.kind === 'problem') return done
  return sentence(given === undefined ? 'Contact deleted.' : 'Contact saved.')
}

async function show(call: Call, deps: HttpDeps): Promise<Answer> {
  const touches = ({ phone }: { phone: string }) => touched(phone)
  const query = await asked(call, { read: readPhone, action: READ, touches }, deps)
  if (query.kind === 'problem') return query
  const contact = contactOf(call, query.value.phone, '$.phone')
  if (contact.kind === 'problem') return contact
  const found = await ask(call, deps, ({ contacts }) => contacts.check([contact.value]))
  if (found.kind === 'problem') return found
  const isThere = found.value[0]?.isThere === true
  return json({ JID: jidOf(contact.value), ...(await contactInfo(contact.value, deps)), Found: isThere })
}

/** Those with whom there is a chat: the phone keeps its address book to itself. */
async function list(call: Call, deps: HttpDeps): Promise<Answer> {
  const allowed = await asked(call, { read: readNothing, action: READ }, deps)
  if (allowed.kind === 'problem') return allowed
  const account = param(call, 'account')
  const { items } = await deps.store.messages.latest({ account, limit: MAX_CHATS })
  const told: [string, object][] = []
  for (const { chat: known } of items) {
    const chat = await deps.store.contacts.nameOf(known)
    const visible = may(call, READ, { account, ...touched(chat) }).effect === 'allow'
    if (kindOfChat(chat) === 'contact' && visible) told.push([jidOf(chat), await contactInfo(chat, deps)])
  }
  return json(Object.fromEntries(told))
}

async function contactInfo(contact: ChatId, { store }: Pick<HttpDeps, 'store'>): Promise<object> {
  const called = (await store.contacts.calledOf(contact)) ?? ''
  return { Found: true, FirstName: '', FullName: '', PushName: called, BusinessName: '' }
}

async function status(call: Call, deps: HttpDeps): Promise<Answer> {
  const allowed = await asked(call, { read: readNothing, action: 'accounts.read' }, deps)
  if (allowed.kind === 'problem') return allowed
  const account = deps.sessions.get(param(call, 'account'))
  return account === undefined
    ? problem('not-ready', 'The account is starting.')
    : sentence(STATES[account.state])
}

/** The picture to scan; asking for it begins the linking. */
async function qr(call: Call, deps: HttpDeps): Promise<Answer> {
  const refused = fromAPage(call)
  if (refused !== undefined) return refused
  const allowed = await asked(call, { read: readNothing, action: 'accounts.link' }, deps)
  if (allowed.kind === 'problem') return allowed
  const { sessions } = deps
  const name = param(call, 'account')
  const current = sessions.currentLink(name)
  const isShown = current?.qr !== undefined && current.state === 'waiting'
  const outcome = isShown
    ? { kind: 'started' as const, link: current }
    : await sessions.link(name, { method: 'qr' }, call.actor)
  if (outcome.kind !== 'started' || outcome.link.qr === undefined)
    return problem('conflict', 'There is no code to scan: the account is linked, or cannot be linked now.')
  return { kind: 'bytes', mediaType: 'image/png', bytes: pictureOf(outcome.link.qr, 'image/png') }
}

function touched(text: string): Resource {
  return { to: text, recipientKind: 'contact' }
}

function contactOf(call: Call, text: string, path: string): Parsed<ChatId> {
  const recipient = recipientOf(call, { text, path })
  if (recipient.kind === 'problem') return recipient
  return recipient.value.kind === 'contact'
    ? parsed(recipient.value.chat)
    : invalid(path, 'must name a person')
}
