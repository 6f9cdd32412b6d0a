import { type Actor, SYSTEM } from '../model/audit.ts'
import { kindOfChat } from '../model/chat.ts'
import {
  type AskedContent,
  type ForwardableContent,
  isFile,
  MEDIA_TYPES,
  type MediaContent,
  type Message,
  type MessageContent,
  mediaIn,
  type OutgoingContent,
} from '../model/message.ts'
import { canGoTo, type GestureFault, referenceOf, targetFault, targetIn } from '../model/target.ts'
import { decide } from '../policy/decide/decide.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Asked } from './ask.ts'
import type { Carry } from './carry.ts'
import { saidIn } from './entry.ts'

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
  /** What was said to the request itself, which is no deny. */
  readonly asked: Asked
}

type ReferDeps = {
  readonly store: Pick<Store, 'messages'>
  /** Finds the file of a message that is passed on. */
  readonly carry: Carry
  readonly snapshot: PolicySnapshot
}

/** Looks up the message that a request is about. Asked once the request itself is allowed: the answer tells what there is. */
export async function refer(asking: Asking, at: Date, deps: ReferDeps): Promise<Referred> {
  const { content, account, chat } = asking
  const reference = referenceOf(content)
  const named = reference === undefined ? [] : await deps.store.messages.named(account, reference.messageId)
  if (content.type === 'forward') return await forwarded(content, named, { ...deps, asking, at })
  if (reference === undefined || reference.type === 'forward') return { kind: 'fit', content }
  const target = targetIn(chat, named)
  const message = targetFault({ type: reference.type }, target, { at })
  if (message !== undefined) return { kind: 'unfit', path: `$.${reference.type}.message_id`, message }
  return { kind: 'fit', content, ...(target?.audience === undefined ? {} : { audience: target.audience }) }
}

type Forwarding = Pick<ReferDeps, 'carry' | 'snapshot'> & { readonly asking: Asking; readonly at: Date }

/** Only what its sender may read can be passed on, and only where that type may go too. */
async function forwarded(
  content: Extract<AskedContent, { type: 'forward' }>,
  named: readonly Message[],
  forwarding: Forwarding,
): Promise<Referred> {
  const unfit = (message: string) => ({ kind: 'unfit', path: '$.forward.message_id', message }) as const
  const source = named.find(message => mayRead(message, forwarding))
  if (source === undefined) return unfit('is no message of this account that is still known')
  const plain = forwardableOf(source)
  if (plain === undefined)
    return unfit(`is a message of the type ${source.content.type}, which is not passed on`)
  const message = isFile(plain) ? await withFile(plain, forwarding) : plain
  if (typeof message === 'string') return unfit(message)
  if (!maySend(message, forwarding))
    return unfit(`is a message of the type ${message.type}, which may not be sent there`)
  return { kind: 'fit', content: { ...content, forward: { message_id: source.messageId, message } } }
}

/** The same with its file as it is here; a sentence about the message where that cannot go along. */
async function withFile(
  content: MediaContent,
  { asking: { actor, account }, at, snapshot, carry }: Forwarding,
): Promise<MediaContent | string> {
  if (content.view_once) return 'is there to be opened once, and is not passed on'
  if (mediaIn(content)?.id === undefined) return 'is a message whose file is not known'
  const carried = await carry({ actor, account, content, at, snapshot })
  return carried.kind === 'unfit' ? `is a message whose file ${carried.message}` : carried.content
}

function mayRead(
  { account, chat, content }: Message,
  { asking: { actor }, at, snapshot }: Forwarding,
): boolean {
  if (actor.principal === SYSTEM.principal) return true
  const asked = { principal: actor.principal, action: 'messages.read', account, to: chat, at }
  const touched = { recipientKind: kindOfChat(chat), type: content.type }
  const from = actor.ip === undefined ? {} : { ip: actor.ip }
  return decide(snapshot, { ...asked, ...touched, ...from }).effect === 'allow'
}

/** With all that was known when the request was asked. A hold grants nothing; where the request is held anyway, a human looks. */
function maySend(content: ForwardableContent, { asking, snapshot }: Forwarding): boolean {
  const { chat, actor, asked } = asking
  if (!canGoTo(content.type, kindOfChat(chat))) return false
  if (actor.principal === SYSTEM.principal) return true
  const { effect } = decide(snapshot, { ...asked.request, ...saidIn(content) })
  return effect === 'allow' || effect === asked.decision.effect
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
  ...MEDIA_TYPES,
  'location',
  'contacts',
])
