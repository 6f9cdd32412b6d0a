import { setTimeout as sleep } from 'node:timers/promises'
import type { Message } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import type { ReceiverDeps } from './receive.ts'
import { wordsOf } from './socket/library-log.ts'
import type { Receipt } from './translate.ts'

/** Records what contacts' phones report about messages of ours. */
export type Receipts = {
  record(receipt: Receipt): Promise<void>
  /** Resolves once everything heard so far is recorded. */
  settled(): Promise<void>
}

const LOOK_MS = 50
const MAX_LOOKS = 60

export function createReceipts(deps: ReceiverDeps): Receipts {
  const lanes = new Map<string, Promise<void>>()

  /** Receipts of one message follow each other; those of others do not wait for it. */
  function inLane(messageId: string, work: () => Promise<void>): Promise<void> {
    const done = (lanes.get(messageId) ?? Promise.resolve()).then(work).catch(error => {
      deps.log.error('whatsapp.receipt_not_stored', { account: deps.account, reason: wordsOf(error) })
    })
    lanes.set(messageId, done)
    return done.then(() => {
      if (lanes.get(messageId) === done) lanes.delete(messageId)
    })
  }

  return {
    async record({ messageIds, status }) {
      await Promise.all(messageIds.map(id => inLane(id, () => advance(id, status, deps))))
    },
    async settled() {
      await Promise.all(lanes.values())
    },
  }
}

async function advance(messageId: string, status: Receipt['status'], deps: ReceiverDeps): Promise<void> {
  const { account, store, route, now } = deps
  const message = await sentMessage(messageId, deps)
  if (message?.direction !== 'out') return // written on the phone, not by us
  const events = [route(messageEvent(`message.${status}`, { ...message, status }))]
  await store.messages.advance({ account, messageId, to: status, at: now() }, { events })
}

/** A receipt can overtake the outbox, which is still recording the ack: `sent` comes first. */
async function sentMessage(
  messageId: string,
  { account, store }: ReceiverDeps,
): Promise<Message | undefined> {
  for (let look = 0; ; look++) {
    const message = await store.messages.get(account, messageId)
    if (message?.status !== 'sending' || look === MAX_LOOKS) return message
    await sleep(LOOK_MS)
  }
}
