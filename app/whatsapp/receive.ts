import { setTimeout as sleep } from 'node:timers/promises'
import type { WAMessage } from '@whiskeysockets/baileys'
import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { Store } from '../store/store.ts'
import { wordsOf } from './socket/library-log.ts'
import { type Incoming, incomingOf, type LidLookup, type Receipt } from './translate.ts'

export type ReceiverDeps = {
  readonly account: string
  readonly store: Store
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
}

export type Receiver = {
  /** Records messages in the order in which they came; answers those that are new. */
  messages(messages: readonly WAMessage[], lookup: LidLookup): Promise<readonly Incoming[]>
  /** Records what a contact's phone reports about messages of ours. */
  receipt(receipt: Receipt): Promise<void>
  /** Resolves once everything heard so far is recorded. */
  settled(): Promise<void>
}

const SENDING_LOOK_MS = 50
const SENDING_LOOKS = 60

/** Turns what a session hears into rows and events, one transaction each. */
export function createReceiver(deps: ReceiverDeps): Receiver {
  const { account, store, route, log, now } = deps
  let messages: Promise<unknown> = Promise.resolve()
  const receipts = new Map<string, Promise<void>>()

  async function record(incoming: Incoming): Promise<boolean> {
    const at = now()
    const message: Message = {
      id: newId('msg', at),
      account,
      direction: 'in',
      chat: incoming.chat,
      messageId: incoming.messageId,
      status: 'received',
      content: incoming.content,
      from: incoming.from,
      createdAt: incoming.sentAt,
      attemptCount: 0,
      timeline: [{ status: 'received', at }],
    }
    const event = route(messageEvent('message.received', message))
    return (await store.messages.receive(message, { events: [event] })) === 'stored'
  }

  async function recordAll(stanzas: readonly WAMessage[], lookup: LidLookup): Promise<readonly Incoming[]> {
    const fresh: Incoming[] = []
    for (const stanza of stanzas) {
      try {
        const incoming = await incomingOf(stanza, lookup)
        if (incoming !== undefined && (await record(incoming))) fresh.push(incoming)
      } catch (error) {
        log.error('whatsapp.message_not_stored', { account, reason: wordsOf(error) })
      }
    }
    return fresh
  }

  async function advance(messageId: string, status: Receipt['status']): Promise<void> {
    const message = await sentMessage(messageId)
    if (message?.direction !== 'out') return // written on the phone, not by us
    const at = now()
    const event = route(messageEvent(`message.${status}`, { ...message, status }))
    await store.messages.advance({ account, messageId, to: status, at }, { events: [event] })
  }

  /** A receipt can overtake the outbox, which is still recording the ack: `sent` comes first. */
  async function sentMessage(messageId: string): Promise<Message | undefined> {
    for (let look = 0; ; look++) {
      const message = await store.messages.get(account, messageId)
      if (message?.status !== 'sending' || look === SENDING_LOOKS) return message
      await sleep(SENDING_LOOK_MS)
    }
  }

  /** Receipts of one message follow each other; those of others do not wait for it. */
  function inLane(messageId: string, work: () => Promise<void>): Promise<void> {
    const done = (receipts.get(messageId) ?? Promise.resolve()).then(work).catch(error => {
      log.error('whatsapp.receipt_not_stored', { account, reason: wordsOf(error) })
    })
    receipts.set(messageId, done)
    return done.then(() => {
      if (receipts.get(messageId) === done) receipts.delete(messageId)
    })
  }

  return {
    messages(stanzas, lookup) {
      const recorded = messages.then(() => recordAll(stanzas, lookup))
      messages = recorded
      return recorded
    },
    async receipt({ messageIds, status }) {
      await Promise.all(messageIds.map(id => inLane(id, () => advance(id, status))))
    },
    async settled() {
      await Promise.all([messages, ...receipts.values()])
    },
  }
}
