import type { Actor } from '../model/audit.ts'
import { kindOfChat } from '../model/chat.ts'
import type {
  AskedContent,
  ForwardableContent,
  Message,
  MessageContent,
  OutgoingContent,
} from '../model/message.ts'
import { type GestureFault, referenceOf, targetFault, targetIn } from '../model/target.ts'
import { decide } from '../policy/decide/decide.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'

/** What an entry says, now that what it is about is known; or what is wrong with it, at a path of the request. */
export type Referred =
  | {
      readonly kind: 'fit'
      readonly content: OutgoingContent
      /** Of a status that is taken back: who was shown it. */
      readonly audience?: readonly string[]
    }
  | GestureFault

export type Asking = {
  readonly actor: Actor
  readonly account: string
  readonly chat: string
  readonly content: AskedContent
  readonly audience?: readonly string[] | undefined
}

type ReferDeps = { readonly store: Pick<Store, 'messages' | 'contacts'>; readonly snapshot: PolicySnapshot }

/** Looks up the message that a request is about. Asked once the request itself is allowed: the answer tells what there is. */
export async function refer(asking: Asking, at: Date, deps: ReferDeps): Promise<Referred> {
  const { content, account, chat, audience } = asking
  const unwilling = audience === undefined ? undefined : await optedOutOf(audience, deps)
  if (unwilling !== undefined) return unwilling
  const reference = referenceOf(content)
  const named = reference === undefined ? [] : await deps.store.messages.named(account, reference.messageId)
  if (content.type === 'forward') return forwarded(content, named, { asking, at, snapshot: deps.snapshot })
  if (reference === undefined || reference.type === 'forward') return { kind: 'fit', content }
  const target = targetIn(chat, named)
  const message = targetFault({ type: reference.type }, target, { at })
  if (message !== undefined) return { kind: 'unfit', path: `$.${reference.type}.message_id`, message }
  return { kind: 'fit', content, ...(target?.audience === undefined ? {} : { audience: target.audience }) }
}

/** A status is a message to everybody who is shown it. */
async function optedOutOf(audience: readonly string[], { store }: ReferDeps): Promise<Referred | undefined> {
  for (const [index, person] of audience.entries()) {
    const { optedOutAt } = await store.contacts.standing(person)
    if (optedOutAt !== undefined)
      return { kind: 'unfit', path: `$.audience[${index}]`, message: 'has opted out' }
  }
  return undefined
}

type Forwarding = { readonly asking: Asking; readonly at: Date; readonly snapshot: PolicySnapshot }

/** Only what its sender may read can be passed on, and only where that type may go too. */
function forwarded(
  content: Extract<AskedContent, { type: 'forward' }>,
  named: readonly Message[],
  forwarding: Forwarding,
): Referred {
  const path = '$.forward.message_id'
  const source = named.find(message => mayRead(message, forwarding))
  if (source === undefined)
    return { kind: 'unfit', path, message: 'is no message of this account that is still known' }
  const message = forwardableOf(source)
  if (message === undefined)
    return {
      kind: 'unfit',
      path,
      message: `is a message of the type ${source.content.type}, which is not passed on`,
    }
  if (!maySend(message.type, forwarding))
    return {
      kind: 'unfit',
      path,
      message: `is a message of the type ${message.type}, which may not be sent there`,
    }
  return { kind: 'fit', content: { ...content, forward: { message_id: source.messageId, message } } }
}

function mayRead(
  { account, chat, content }: Message,
  { asking: { actor }, at, snapshot }: Forwarding,
): boolean {
  return mayDo('messages.read', { account, to: chat, type: content.type }, { actor, at, snapshot })
}

function maySend(type: string, { asking, at, snapshot }: Forwarding): boolean {
  const { account, chat, actor } = asking
  return mayDo('messages.send', { account, to: chat, type }, { actor, at, snapshot })
}

function mayDo(
  action: string,
  touched: { readonly account: string; readonly to: string; readonly type: string },
  { actor, at, snapshot }: { readonly actor: Actor; readonly at: Date; readonly snapshot: PolicySnapshot },
): boolean {
  if (actor.principal === 'system') return true
  const asked = { principal: actor.principal, action, ...touched, recipientKind: kindOfChat(touched.to), at }
  const { effect } = decide(snapshot, { ...asked, ...(actor.ip === undefined ? {} : { ip: actor.ip }) })
  return effect === 'allow' // a hold grants nothing
}

/** What a message says to whoever gets it from us: nobody is named and nothing answered there. */
function forwardableOf({ content, direction }: Message): ForwardableContent | undefined {
  const plain = content.type === 'forward' ? content.forward.message : content
  if (!isForwardable(plain)) return undefined
  const { context: _, mentions: __, ephemeral_seconds: ___, forwarding_score: before = 0, ...said } = plain
  const score = before + (direction === 'in' ? 1 : 0)
  return { ...said, ...(score === 0 ? {} : { forwarding_score: score }) } as ForwardableContent
}

function isForwardable(content: MessageContent): content is ForwardableContent {
  return FORWARDABLE.has(content.type)
}

const FORWARDABLE: ReadonlySet<string> = new Set<ForwardableContent['type']>([
  'text',
  'template',
  'location',
  'contacts',
])
