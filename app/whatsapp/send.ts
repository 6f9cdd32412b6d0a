import { step } from '../lib/step.ts'
import type { ChatId } from '../model/chat.ts'
import { carrierIn, type Message } from '../model/message.ts'
import type { SendOrder, SendOutcome } from '../model/send-port.ts'
import { referenceOf, targetFault, targetIn } from '../model/target.ts'
import type { Store } from '../store/store.ts'
import type { Files } from './outbound/files.ts'
import { write } from './outbound/write.ts'
import type { Recipients } from './recipients.ts'
import { failureOf, refusalOf } from './refusals.ts'
import type { Socket } from './socket/open.ts'

export type SenderDeps = {
  readonly store: Store
  readonly recipients: Recipients
  readonly files: Pick<Files, 'place'>
  readonly now: () => Date
  /** How long the server's ack may take, once a message is written. */
  readonly ackTimeoutMs: number
}

/** Sends of one account, each waiting for what the server says about it. */
export type Sender = {
  send(order: SendOrder, socket: Socket): Promise<SendOutcome>
  /** The server's answer; `error` is its code of refusal. False when no send has waited for it. */
  acknowledged(messageId: string, error?: string): boolean
  /** The connection is gone: nobody knows what became of the sends under way. */
  abandon(reason: string): void
  /** Sends under way. */
  readonly pendingCount: number
  /** How many attempts in a row the server has left without an answer. */
  readonly unansweredCount: number
}

/** A send may wait this many times the ack's time before it is written: first messages ask the server for devices and keys. */
const PREPARATION = 6

/** How much later than it may be asked for a change of another message is still made. */
const GRACE_MS = 10 * 60_000

type Pending = { readonly chat: ChatId; settle(outcome: SendOutcome): void }

/** The patience with one attempt. */
type Wait = {
  /** False once the attempt is settled: the next may have begun. */
  isAwaited(): boolean
  /** Does what takes as long as it takes, and has an end of its own. */
  aside<T>(work: () => Promise<T>): Promise<T>
}

export function createSender(deps: SenderDeps): Sender {
  const pending = new Map<string, Pending>()
  let unanswered = 0

  async function send(order: SendOrder, socket: Socket): Promise<SendOutcome> {
    const { promise, resolve } = Promise.withResolvers<SendOutcome>()
    const patience = (ms: number) =>
      setTimeout(() => {
        unanswered += 1
        resolve({ kind: 'retry', reason: 'WhatsApp did not acknowledge the message in time' })
      }, ms)
    let timer = patience(PREPARATION * deps.ackTimeoutMs)
    const mine: Pending = { chat: order.chat, settle: resolve }
    pending.set(order.messageId, mine)
    const isAwaited = () => pending.get(order.messageId) === mine
    const aside = async <T>(work: () => Promise<T>) => {
      clearTimeout(timer)
      try {
        return await work()
      } finally {
        if (isAwaited()) timer = patience(PREPARATION * deps.ackTimeoutMs)
      }
    }
    put({ order, socket, wait: { isAwaited, aside } }, deps).then(
      refused => {
        clearTimeout(timer)
        if (!isAwaited()) return
        if (refused === undefined) timer = patience(deps.ackTimeoutMs)
        else resolve(refused)
      },
      error => resolve(failureOf(error, order.chat)),
    )
    const outcome = await promise
    clearTimeout(timer)
    if (isAwaited()) pending.delete(order.messageId)
    return outcome
  }

  return {
    send,
    acknowledged(messageId, error) {
      unanswered = 0
      const waiting = pending.get(messageId)
      if (waiting === undefined) return false
      if (error === undefined) step('outbox.acked')
      waiting.settle(error === undefined ? { kind: 'acked', at: deps.now() } : refusalOf(error, waiting.chat))
      return true
    },
    abandon(reason) {
      for (const { settle } of pending.values()) settle({ kind: 'retry', reason, cutOff: true })
    },
    get pendingCount() {
      return pending.size
    },
    get unansweredCount() {
      return unanswered
    },
  }
}

type Putting = { readonly order: SendOrder; readonly socket: Socket; readonly wait: Wait }

/** Writes a message; an outcome when it comes to none of that. */
async function put({ order, socket, wait }: Putting, deps: SenderDeps): Promise<SendOutcome | undefined> {
  const address = await deps.recipients.addressOf(order.chat, socket)
  if (address === 'none') return NOT_ON_WHATSAPP
  if (address === 'opted-out') return { kind: 'ask-again' }
  const named = (messageId: string) => deps.store.messages.named(order.account, messageId)
  const unfit = await targetRefusal(order, deps.now(), named)
  if (unfit !== undefined) return unfit
  const { content } = order
  const carrier = carrierIn(content)
  const file = carrier && (await wait.aside(() => deps.files.place(carrier, socket)))
  if (file === 'gone') return FILE_GONE
  if (!wait.isAwaited()) return undefined
  const place = await socket.look(order.chat, address)
  const ephemeralSeconds = await deps.store.messages.timer(order.account, order.chat)
  const written = await write(order, { place, ephemeralSeconds, named, ...(file && { file }) })
  step('outbox.before_send')
  await socket.send(address, order.messageId, written)
  step('outbox.written')
  return undefined // written; the ack decides
}

/** What could be changed when it was asked for may be too old after a long wait; a repeat of it is not. */
async function targetRefusal(
  { chat, content }: SendOrder,
  at: Date,
  named: (messageId: string) => Promise<readonly Message[]>,
): Promise<SendOutcome | undefined> {
  const reference = referenceOf(content)
  if (reference === undefined || reference.type === 'forward') return undefined
  const target = targetIn(chat, await named(reference.messageId))
  const fault = targetFault({ type: reference.type }, target, { at, graceMs: GRACE_MS })
  if (fault === undefined) return undefined
  return { kind: 'refused', code: 'message.target_unfit', reason: `the message that it is about ${fault}` }
}

const FILE_GONE: SendOutcome = {
  kind: 'refused',
  code: 'media.gone',
  reason: 'the file that it carries is no longer kept',
}

const NOT_ON_WHATSAPP: SendOutcome = {
  kind: 'refused',
  code: 'recipient.not_on_whatsapp',
  reason: 'the number is not on WhatsApp',
}
