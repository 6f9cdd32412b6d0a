import { present } from '../../lib/present.ts'
import type { PosternEvent } from '../../model/event.ts'
import { isWaiting, type Message, type MessageContent, mediaIn } from '../../model/message.ts'
import { undamaged } from '../database/failures.ts'
import type { Effects } from '../effects.ts'
import type { Erased, Stretch } from '../privacy.ts'
import type { Tx } from '../writer/transaction.ts'
import { forgetTimer } from './chat-timers.ts'
import { namesOf } from './contact-links.ts'
import { toRecord } from './decisions.ts'
import { markLaneHead, type Queued } from './delivery-lane.ts'
import { writeEffects } from './effects.ts'
import { replaceData, toEvent } from './events.ts'
import { openStanza } from './journal.ts'
import { isAwaited, type MediaRow, removeRow, rowOfMedia, toItem } from './media.ts'
import { type MessageRow, rewriteMessage, toMessage } from './message-row.ts'
import { namesInStanza } from './packed-names.ts'
import { ERASED, type Person, personOf } from './person.ts'
import { forgetVotes } from './poll-votes.ts'
import { isAbout, type NumberedEvent, rowsOf } from './privacy-find.ts'
import { forgetRecipient } from './recipients.ts'

/** Erases what one stretch of a walk has of a contact. What is damaged stays, as nobody knows whose it is. */
export function erase(tx: Tx, { contact, stretch }: { contact: string; stretch: Stretch }): Erased {
  const person = personOf(tx, contact)
  const { what, after } = stretch
  const nothing = { waiting: 0, unreadable: 0, files: [] }
  switch (what) {
    case 'messages':
      return eraseMessages(tx, person, after)
    case 'events': {
      const { rows, next } = rowsOf(tx, what, after)
      const events = undamaged(rows, row => toEvent(tx, row))
      const { length } = events.filter(({ row, item }) => eraseEvent(tx, person, { row, event: item }))
      return { ...nothing, next, counts: { events: length }, unreadable: rows.length - events.length }
    }
    case 'decisions': {
      const { rows, next } = rowsOf(tx, what, after)
      const decisions = undamaged(rows, row => toRecord(tx, row))
      const theirs = decisions.filter(({ item }) => person.isIn(item.request))
      for (const { row } of theirs) tx.db.run('DELETE FROM decisions WHERE id = ?', row.id)
      return {
        ...nothing,
        next,
        counts: { decisions: theirs.length },
        unreadable: rows.length - decisions.length,
      }
    }
    case 'media': {
      const { rows, next } = rowsOf(tx, what, after)
      const items = undamaged(rows, row => toItem(tx, row))
      const theirs = items.filter(({ row, item }) => person.is(item.chat ?? '') && !isAwaited(tx, row))
      const files = theirs.flatMap(({ row }) => removeRow(tx, row))
      return {
        ...nothing,
        next,
        counts: { media: theirs.length },
        unreadable: rows.length - items.length,
        files,
      }
    }
    case 'journal': {
      const { rows, next } = rowsOf(tx, what, after)
      const stanzas = undamaged(rows, row => namesInStanza(openStanza(tx, row)))
      const theirs = stanzas.filter(({ item }) => item.some(person.is))
      for (const { row } of theirs) tx.db.run('DELETE FROM journal WHERE seq = ?', row.seq)
      return {
        ...nothing,
        next,
        counts: { journal: theirs.length },
        unreadable: rows.length - stanzas.length,
      }
    }
  }
}

/** What is said of the contact outside these tables, and what holds the rest together. Opt-outs stay. */
export function forget(tx: Tx, { contact, effects }: { contact: string; effects: Effects }): void {
  for (const hash of namesOf(tx, contact)) {
    tx.db.run('DELETE FROM consents WHERE contact = ?', hash)
    tx.db.run('DELETE FROM contact_names WHERE contact = ?', hash)
    tx.db.run('DELETE FROM contact_links WHERE lid = ?1 OR number = ?1', hash)
  }
  forgetRecipient(tx, contact)
  forgetTimer(tx, contact)
  writeEffects(tx, effects)
  tx.emptyLog()
}

function eraseMessages(tx: Tx, person: Person, after: string): Erased {
  const { rows, next } = rowsOf(tx, 'messages', after)
  const files: string[] = []
  let [messages, media, waiting] = [0, 0, 0]
  const read = undamaged(rows, row => toMessage(tx, row))
  for (const { row, item: message } of read) {
    if (!person.isIn(message)) continue
    if (isWaiting(row.status)) waiting++
    else if (person.is(message.chat) || person.is(message.from ?? '')) {
      eraseMessage(tx, row, { message, person })
      messages++
      const file = fileOf(tx, message)
      if (file !== undefined) {
        files.push(...removeRow(tx, file))
        media++
      }
    } else rewriteMessage(tx, row, person.without)
    forgetPart(tx, row, { message, person })
  }
  return { counts: { messages, media }, waiting, unreadable: rows.length - read.length, files, next }
}

/** That it was stays: when, in which direction, what became of it. */
function eraseMessage(
  tx: Tx,
  row: MessageRow,
  { message, person }: { message: Message; person: Person },
): void {
  const { type } = message.content
  const content: MessageContent =
    message.content.type === 'removed' ? message.content : { type: 'removed', removed: { type } }
  rewriteMessage(tx, row, ({ chat, from, principal, ip, decisionId, purpose }) => ({
    chat: person.without(chat),
    content,
    ...present(person.without({ from, principal, ip, decisionId, purpose })),
  }))
  tx.db.run('UPDATE messages SET body_kept = 0, media = NULL WHERE seq = ?', row.seq)
  tx.db.run('UPDATE message_steps SET detail = NULL WHERE message = ?', row.seq)
  forgetVotes(tx, row)
}

/** The file of a message that was erased, but one that came in another chat and was passed on, or that another of ours carries. */
function fileOf(tx: Tx, message: Message): MediaRow | undefined {
  const { id } = mediaIn(message.content) ?? {}
  const row = id === undefined ? undefined : rowOfMedia(tx, id)
  if (row === undefined || tx.db.get('SELECT 1 FROM messages WHERE media = ?', row.id) !== undefined)
    return undefined
  const { chat = message.chat } = toItem(tx, row)
  return chat === message.chat ? row : undefined
}

/** How far the contact has got with a message to several, and how it has voted. */
function forgetPart(
  tx: Tx,
  row: MessageRow,
  { message, person }: { message: Message; person: Person },
): void {
  const parts = [
    ...(message.receipts ?? []).map(({ participant }) => participant),
    ...(message.votes ?? []).map(({ voter }) => voter),
  ]
  for (const name of new Set(parts.filter(person.is))) {
    const hash = tx.vault.hash('participant', row.account, name)
    tx.db.run('DELETE FROM message_receipts WHERE message = ? AND participant = ?', row.seq, hash)
    tx.db.run('DELETE FROM poll_votes WHERE message = ? AND voter = ?', row.seq, hash)
  }
}

/** An event about the contact tells nobody anything any more, and is owed to nobody; its number stays taken. */
function eraseEvent(
  tx: Tx,
  person: Person,
  { row, event: { chat, data } }: { readonly row: NumberedEvent; readonly event: PosternEvent },
): boolean {
  if (!isAbout(person, { data, ...(chat === undefined ? {} : { chat }) })) {
    if (person.isIn(data))
      replaceData(tx, row, { ...(chat === undefined ? {} : { chat }), data: person.without(data) })
    return false
  }
  if (data[ERASED] === true) return false
  replaceData(tx, row, { data: { [ERASED]: true } })
  const owed = tx.db.all<Queued>('SELECT seq, endpoint, lane FROM deliveries WHERE event = ?', row.seq)
  for (const delivery of owed) {
    tx.db.run('DELETE FROM deliveries WHERE seq = ?', delivery.seq)
    markLaneHead(tx, delivery)
  }
  if (owed.length > 0) tx.touch('deliveries')
  return true
}
