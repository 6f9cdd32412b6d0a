import type { WAMessage } from '@whiskeysockets/baileys'
import { newId } from '../lib/ids.ts'
import type { Log } from '../lib/log.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { Store } from '../store/store.ts'
import { wordsOf } from './socket/library-log.ts'
import { type Incoming, incomingOf, type LidLookup } from './translate.ts'

export type ReceiverDeps = {
  readonly account: string
  readonly store: Store
  readonly route: RouteEvent
  readonly log: Log
  readonly now: () => Date
}

export type Receiver = {
  /** Records messages in the order in which they came; answers those that are new. */
  record(stanzas: readonly WAMessage[], lookup: LidLookup): Promise<readonly Incoming[]>
  /** Resolves once everything heard so far is recorded. */
  settled(): Promise<void>
}

/** Turns incoming messages into rows with their `message.received`, one transaction each; a repeated one changes nothing. */
export function createReceiver(deps: ReceiverDeps): Receiver {
  let last: Promise<unknown> = Promise.resolve()

  async function recordAll(stanzas: readonly WAMessage[], lookup: LidLookup): Promise<readonly Incoming[]> {
    const fresh: Incoming[] = []
    for (const stanza of stanzas) {
      try {
        const incoming = await incomingOf(stanza, lookup)
        if (incoming !== undefined && (await recordOne(incoming, deps))) fresh.push(incoming)
      } catch (error) {
        deps.log.error('whatsapp.message_not_stored', { account: deps.account, reason: wordsOf(error) })
      }
    }
    return fresh
  }

  return {
    record(stanzas, lookup) {
      const recorded = last.then(() => recordAll(stanzas, lookup))
      last = recorded
      return recorded
    },
    async settled() {
      await last
    },
  }
}

async function recordOne(incoming: Incoming, { account, store, route, now }: ReceiverDeps): Promise<boolean> {
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
  const events = [route(messageEvent('message.received', message))]
  return (await store.messages.receive(message, { events })) === 'stored'
}
