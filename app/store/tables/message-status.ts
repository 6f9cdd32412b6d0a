import { present } from '../../lib/present.ts'
import { advances, isWaiting, type MessageStatus } from '../../model/message.ts'
import type { Effects } from '../effects.ts'
import type { Approval, Hold, Requeue, StatusChange } from '../messages.ts'
import type { Tx } from '../writer/transaction.ts'
import { writeEffects } from './effects.ts'
import { findById, findOwn } from './message-list.ts'
import { addStep, MESSAGES, type MessageRow, replaceContent } from './message-row.ts'
import { markHead } from './outbox-line.ts'

type Step = {
  readonly to: MessageStatus
  readonly at: Date
  readonly code?: string | undefined
  readonly detail?: string | undefined
}

/** Retries write two steps each; a message that is tried for days keeps its first steps and its latest. */
const FIRST_STEPS_KEPT = 2
const LAST_STEPS_KEPT = 48

export function advanceMessage(tx: Tx, args: { change: StatusChange; effects: Effects }): boolean {
  const { change, effects } = args
  const row = findOwn(tx, change.account, change.messageId)
  if (row === undefined || !advances(row.status, change.to)) return false
  if (change.onlyFrom !== undefined && !change.onlyFrom.includes(row.status)) return false
  if (change.approval !== undefined) approve(tx, row, change.approval)
  const edited = change.edited === undefined ? undefined : findById(tx, change.edited.id)
  if (edited !== undefined && change.edited !== undefined) replaceContent(tx, edited, change.edited.content)
  move(tx, change.approval?.dueAt === undefined ? row : { ...row, place: null }, change)
  writeEffects(tx, effects)
  return true
}

function approve(tx: Tx, { seq }: MessageRow, { by, dueAt }: Approval): void {
  tx.db.run('UPDATE messages SET approved_by = ? WHERE seq = ?', by, seq)
  if (dueAt !== undefined) tx.db.run('UPDATE messages SET due_at = ? WHERE seq = ?', dueAt.getTime(), seq)
}

export function requeueMessage(tx: Tx, args: Requeue & { id: string; now: Date }): void {
  const row = findById(tx, args.id)
  if (row?.status !== 'sending') return
  tx.db.run('UPDATE messages SET due_at = ? WHERE seq = ?', args.dueAt.getTime(), row.seq)
  move(tx, row, { to: 'queued', at: args.now, code: args.code, detail: args.reason })
  forgetSteps(tx, row)
}

export function postponeMessage(tx: Tx, args: Requeue & { id: string; now: Date }): void {
  const row = findById(tx, args.id)
  if (row?.status !== 'sending') return
  tx.db.run(
    'UPDATE messages SET due_at = ?, attempt_count = attempt_count - 1 WHERE seq = ?',
    args.dueAt.getTime(),
    row.seq,
  )
  move(tx, { ...row, place: null }, { to: 'queued', at: args.now, detail: args.reason })
  forgetSteps(tx, row)
}

function forgetSteps(tx: Tx, row: MessageRow): void {
  tx.db.run(
    'DELETE FROM message_steps WHERE message = ?1 AND n > ?2 AND n <= (SELECT max(n) FROM message_steps WHERE message = ?1) - ?3',
    row.seq,
    FIRST_STEPS_KEPT,
    LAST_STEPS_KEPT,
  )
}

export function holdMessage(tx: Tx, args: Hold & { id: string; effects: Effects }): boolean {
  const row = findById(tx, args.id)
  if (row?.status !== 'sending') return false
  move(tx, row, { to: 'held', at: args.at, code: args.by, detail: args.reason })
  writeEffects(tx, args.effects)
  return true
}

export function recoverMessages(tx: Tx, { now }: { now: Date }): number {
  const rows = tx.db.all<MessageRow>(`${MESSAGES} WHERE status = 'sending'`)
  for (const row of rows) move(tx, row, { to: 'queued', at: now, detail: 'the appliance was started again' })
  return rows.length
}

function move(tx: Tx, row: MessageRow, { to, at, code, detail }: Step): void {
  const place = isWaiting(to) ? row.place : null // also while it is held
  tx.db.run('UPDATE messages SET status = ?, place = ? WHERE seq = ?', to, place, row.seq)
  addStep(tx, row, { status: to, at, ...present({ code, detail }) })
  if (isWaiting(row.status)) markHead(tx, row)
  tx.touch('outbox')
}
