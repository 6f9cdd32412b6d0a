import { type Answer, json } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { BY_ID, CONTACT_DETAILS } from '../../schemas/queries.ts'
import { queryReader } from '../../schemas/query.ts'
import { BLOCK_SCHEMA, type BlockBody, CHECK_SCHEMA, type CheckBody } from '../../schemas/social.ts'
import { standingJson } from '../../wire/contact.ts'
import { cardJson, presenceJson } from '../../wire/contact-card.ts'
import { type Route, V1_SITES } from '../route.ts'
import { chatIn, peopleIn, touchesChat } from './named.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const CONTACTS = '/v1/accounts/:account/contacts'
const ONE = `${CONTACTS}/:phone`
const readBlocked = queryReader(BY_ID)
const readDetails = queryReader(CONTACT_DETAILS)
const readCheck = bodyReader<CheckBody>(CHECK_SCHEMA)
const readBlock = bodyReader<BlockBody>(BLOCK_SCHEMA)

/** Contacts: whether they are on WhatsApp, what they show and what they have said, and whom the account has blocked. */
export function contactRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'account', action: 'contacts.read' } as const
  const touches = touchesChat('phone', deps)
  const readingOne = { ...reading, touches }
  const writingOne = { kind: 'account', action: 'contacts.write', touches } as const
  return [
    {
      ...{ method: 'post', path: `${CONTACTS}/check`, sites, access: reading },
      handle: call => check(call, deps),
    },
    {
      ...{ method: 'get', path: `${CONTACTS}/blocked`, sites, access: reading },
      handle: call => blocked(call, deps),
    },
    { method: 'get', path: ONE, sites, access: readingOne, handle: call => show(call, deps) },
    {
      ...{ method: 'put', path: `${ONE}/block`, sites, access: writingOne },
      handle: call => block(call, deps),
    },
  ]
}

async function check(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = readCheck(call.request.body)
  if (body.kind === 'problem') return body
  const phones = await peopleIn(call, { list: body.value.phones, path: '$.phones' }, deps)
  if (phones.kind === 'problem') return phones
  const found = await ask(call, deps, ({ contacts }) => contacts.check(phones.value))
  return found.kind === 'problem' ? found : json({ data: found.value.map(presenceJson), next: null })
}

/** What WhatsApp says of somebody, with `details=true` also what they show; and what they have said to us. */
async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const contact = await chatIn(call, 'phone', deps)
  if (contact.kind === 'problem') return contact
  const { chat } = contact.value
  const query = readDetails(call.request)
  if (query.kind === 'problem') return query
  const found = await ask(call, deps, async ({ contacts }) => {
    const [presence] = await contacts.check([chat])
    const wanted = query.value.details === 'true' && presence?.isThere === true
    return { presence, card: wanted ? await contacts.card(chat) : undefined }
  })
  if (found.kind === 'problem') return found
  const { presence, card } = found.value
  const { contacts } = deps.store
  const [standing, name] = [await contacts.standing(chat), await contacts.calledOf(chat)]
  return json({
    ...standingJson(chat, standing, deps.now(), call.policy.snapshot.consent),
    name: name ?? null,
    ...(presence === undefined ? {} : presenceJson(presence)),
    ...(card === undefined ? {} : cardJson(card)),
  })
}

async function block(call: Call, deps: SocialDeps): Promise<Answer> {
  const contact = await chatIn(call, 'phone', deps)
  if (contact.kind === 'problem') return contact
  const { chat } = contact.value
  const body = readBlock(call.request.body)
  if (body.kind === 'problem') return body
  const { blocked: on } = body.value
  const deed = {
    action: 'contacts.write',
    target: chat,
    detail: { operation: on ? 'block' : 'unblock' },
  }
  const done = await act(call, { deed, question: ({ contacts }) => contacts.block(chat, on) }, deps)
  return done.kind === 'problem' ? done : json({ phone: chat, blocked: on })
}

async function blocked(call: Call, deps: SocialDeps): Promise<Answer> {
  const query = readBlocked(call.request)
  if (query.kind === 'problem') return query
  const list = await ask(call, deps, ({ contacts }) => contacts.blocked())
  if (list.kind === 'problem') return list
  const { after = '', limit } = query.value
  const rest = list.value.filter(contact => contact > after).sort()
  const page = rest.slice(0, limit)
  const next = rest.length > page.length ? (page.at(-1) ?? null) : null
  return json({ data: page.map(phone => ({ phone })), next })
}
