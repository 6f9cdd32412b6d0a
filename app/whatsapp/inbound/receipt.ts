import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type BinaryNode, getBinaryNodeChildren } from '@whiskeysockets/baileys'
import { type ChatId, jidOf, kindOfChat } from '../../model/chat.ts'
import type { Message, MessageReceipt } from '../../model/message.ts'
import { messageEvent } from '../../model/message-event.ts'
import type { InboundChange } from '../../store/journal.ts'
import { chatOf, type LidLookup, personOf } from '../translate.ts'
import type { Reader, Reading } from './reading.ts'

/** What a contact's phone reports about messages of ours. */
export type Receipt = {
  readonly messageIds: readonly string[]
  readonly status: MessageReceipt['status']
}

const STATUSES: Readonly<Record<string, Receipt['status']>> = {
  delivered: 'delivered',
  inactive: 'delivered', // the device has it, nobody is looking
  read: 'read',
  played: 'played',
}
const LOOK_MS = 50
const MAX_LOOKS = 60
/** So many messages are looked up before others have their turn. */
const MOST_IN_TURN = 100

/** Reads a receipt stanza. Undefined for the kinds that say nothing about a contact (retry, peer, our own devices). */
export function receiptOf(stanza: BinaryNode): Receipt | undefined {
  const status = STATUSES[stanza.attrs.type ?? 'delivered']
  // With a recipient it is another device of ours that has read what others wrote.
  if (status === undefined || stanza.attrs.recipient || !stanza.attrs.id) return undefined
  return { messageIds: idsOf(stanza), status }
}

/** The messages that a receipt is about, each once. */
export function idsOf({ attrs, content }: BinaryNode): readonly string[] {
  const [list] = Array.isArray(content) ? content : []
  const more = getBinaryNodeChildren(list, 'item').flatMap(item => item.attrs.id ?? [])
  return [...new Set([...(attrs.id === undefined ? [] : [attrs.id]), ...more])]
}

/** A receipt advances a message; in a group it is kept, and told, for each participant. Coming again it changes nothing. */
export async function readReceipt(stanza: BinaryNode, reader: Reader): Promise<Reading> {
  const receipt = receiptOf(stanza)
  const changes: InboundChange[] = []
  for (const [n, messageId] of (receipt?.messageIds ?? []).entries()) {
    if (n % MOST_IN_TURN === MOST_IN_TURN - 1) await turn()
    const message = await sentMessage(messageId, reader)
    if (receipt === undefined || message?.direction !== 'out') continue
    if (await isOfChat(stanza, message.chat, reader.lookup)) {
      changes.push(...(await changesOf(message, receipt.status, { stanza, reader })))
    }
  }
  return { changes, kept: false }
}

/** False for somebody who speaks of a message that went elsewhere; a quotation may have told them its id. */
async function isOfChat({ attrs }: BinaryNode, chat: ChatId, lookup: LidLookup): Promise<boolean> {
  const kind = kindOfChat(chat)
  if (kind === 'status' || kind === 'channel') return true // their readers answer from addresses of their own
  const [from, to] = await Promise.all([chatOf(attrs.from, lookup), chatOf(jidOf(chat), lookup)])
  if (kind === 'group' || kindOfChat(from ?? '') !== 'contact') return from === to
  return from === to || isLid(from) !== isLid(to) // a LID whose number WhatsApp has not told may be theirs
}

function isLid(chat: ChatId | undefined): boolean {
  return chat?.endsWith('@lid') === true
}

async function changesOf(
  message: Message,
  status: Receipt['status'],
  { stanza, reader }: { stanza: BinaryNode; reader: Reader },
): Promise<readonly InboundChange[]> {
  const { account, at, route, lookup } = reader
  const { messageId } = message
  const change = { account, messageId, to: status, at }
  const { participant, participant_pn } = stanza.attrs
  const person = participant ? await personOf(participant, participant_pn, lookup) : undefined
  if (person === undefined) {
    const events = [route(messageEvent(`message.${status}`, { ...message, status }))]
    return [{ kind: 'status', change, effects: { events } }]
  }
  const events = [route(messageEvent(`message.${status}`, { ...message, status }, { participant: person }))]
  const receipt = { messageId, participant: person, status, at }
  return [
    { kind: 'participant', receipt, effects: { events } },
    { kind: 'status', change, effects: {} },
  ]
}

/** A receipt can overtake the outbox, which is still recording the ack: `sent` comes first. */
async function sentMessage(messageId: string, { named }: Reader): Promise<Message | undefined> {
  for (let look = 0; ; look++) {
    const [message] = await named(messageId)
    if (message?.status !== 'sending' || look === MAX_LOOKS) return message
    await sleep(LOOK_MS)
  }
}
