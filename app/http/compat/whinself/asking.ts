import { type ChatId, parseRecipient, type Recipient } from '../../../model/chat.ts'
import {
  type Answer,
  type BytesAnswer,
  invalid,
  type Parsed,
  type Problem,
  parsed,
  problem,
} from '../../answer.ts'
import { type AuthorizeDeps, authorize, type Resource, unknownAccount } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import type { BodyReader } from '../../schemas/body.ts'

/** What a route reads, and what of it rules can speak of. */
export type Wanted<T> = {
  readonly read: BodyReader<T>
  readonly action: string
  readonly touches?: (value: T) => Resource
}

/** Reads the body, or the query of a GET, once the policy has agreed to the action on what it names. */
export async function asked<T>(call: Call, wanted: Wanted<T>, deps: AuthorizeDeps): Promise<Parsed<T>> {
  const { request } = call
  const value = wanted.read(request.method === 'GET' ? { ...request.query } : (request.body ?? {}))
  const touched = value.kind === 'parsed' ? wanted.touches?.(value.value) : undefined
  const refused = await admitted(call, wanted.action, { account: param(call, 'account'), ...touched }, deps)
  return refused ?? value
}

/** The problem where the policy refuses, or there is no such account. */
export async function admitted(
  call: Call,
  action: string,
  touched: Resource & { readonly account: string },
  deps: AuthorizeDeps,
): Promise<Problem | undefined> {
  return (await authorize(call, action, touched, deps)) ?? unknownAccount(call, touched.account)
}

/**
 * Some of Whinself's GETs do something. A browser shows its certificate for whatever page sends it here, and says so: then it is
 * refused, as changes from other pages are.
 */
export function fromAPage({ request }: Call): Problem | undefined {
  const from = request.get('sec-fetch-site')
  return from === undefined || from === 'none'
    ? undefined
    : problem('cross-site', 'This is not to be asked for by a page in a browser.')
}

type Named = { readonly text: string; readonly path: string }

/** Whom or what a JID names; a number does as well. */
export function recipientOf(call: Call, { text, path }: Named): Parsed<Recipient> {
  const recipient = parseRecipient(text, call.policy.snapshot.phoneRule)
  return recipient === undefined
    ? invalid(path, 'must be a JID or a phone number in international form')
    : parsed(recipient)
}

export function groupOf(call: Call, text: string): Parsed<ChatId> {
  const group = recipientOf(call, { text, path: '$.jid' })
  if (group.kind === 'problem') return group
  return group.value.kind === 'group'
    ? parsed(group.value.chat)
    : invalid('$.jid', 'must be the id of a group: …@g.us')
}

/** For access rules: a group is touched as the recipient that it is for messages. */
export const touchesGroup = ({ jid }: { readonly jid: string }): Resource => ({
  to: jid,
  recipientKind: 'group',
})

/** A plain sentence, as Whinself answers what has no content of its own. */
export function sentence(text: string): BytesAnswer {
  return { kind: 'bytes', mediaType: 'text/plain', bytes: Buffer.from(text) }
}

type Line = `${'get' | 'post'} ${string}`

/**
 * A route below the account, such as `post wspout`. It asks the policy itself, because its body names what it touches; `action` is
 * what it asks for.
 */
export function whinselfRoute(
  line: Line,
  action: string,
  handle: (call: Call) => Answer | Promise<Answer>,
): Route {
  const [method, name] = line.split(' ') as ['get' | 'post', string]
  const access = { kind: 'itself', action } as const
  return { method, path: `/compat/whinself/:account/${name}`, sites: [], access, handle }
}
