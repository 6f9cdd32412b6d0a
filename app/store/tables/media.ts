import { present } from '../../lib/present.ts'
import type { FileTraits, MediaItem, SentFile, StoredFile } from '../../model/media.ts'
import { type MediaType, type Message, mediaIn } from '../../model/message.ts'
import { scopeOf } from '../crypto/vault.ts'
import { unlessDamaged } from '../database/failures.ts'
import type { DueMedia, NewFile, Removed } from '../media.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { dropFile, fileOf, keepFile } from './media-files.ts'

export type MediaRow = {
  readonly seq: number
  readonly id: string
  readonly account: string
  readonly created_at: number
  readonly file: number | null
  readonly fetch_count: number
  readonly body: Uint8Array
  readonly sent: Uint8Array | null
}

/** What of an item is sealed. */
type MediaBody = Omit<MediaItem, 'id' | 'account' | 'createdAt' | 'file' | 'fetchCount' | 'sent'>

export const MEDIA = 'SELECT seq, id, account, created_at, file, fetch_count, body, sent FROM media'

export function getMedia(source: Source, account: string, id: string): MediaItem | undefined {
  const row = source.db.get<MediaRow>(`${MEDIA} WHERE id = ? AND account = ?`, id, account)
  return row === undefined ? undefined : toItem(source, row)
}

export function rowOfMedia({ db }: Source, id: string): MediaRow | undefined {
  return db.get<MediaRow>(`${MEDIA} WHERE id = ?`, id)
}

/** What is to be fetched from WhatsApp by an instant, that which waits longest first. */
export function dueMedia(source: Source, now: Date, limit: number): readonly DueMedia[] {
  const rows = source.db.all<MediaRow>(
    `${MEDIA} WHERE fetch_at <= ? ORDER BY fetch_at, seq LIMIT ?`,
    now.getTime(),
    limit,
  )
  return rows.map(row =>
    unlessDamaged(
      () => toItem(source, row),
      ({ message }) => ({ id: row.id, account: row.account, unreadable: message }),
    ),
  )
}

export function nextFetchAt({ db }: Source): Date | undefined {
  const at = db.get<{ at: number | null }>('SELECT min(fetch_at) AS at FROM media')?.at
  return at == null ? undefined : new Date(at)
}

export function addMedia(tx: Tx, args: { item: MediaItem; file: NewFile }): 'kept' | 'known' {
  const { item, file } = args
  const { seq, outcome } = keepFile(tx, item.account, file)
  insert(tx, item, { file: seq, fetchAt: null })
  return outcome
}

/** A received file that nobody has fetched yet. Belongs to the transaction that records its message. */
export function expectMedia(tx: Tx, message: Message, when: 'at once' | 'when asked for' = 'at once'): void {
  const { account, chat, createdAt, file: received, content } = message
  const file = mediaIn(content)
  if (received === undefined || file?.id === undefined) return
  const { id, mime_type: mimeType, size, sha256, filename } = file
  const about = present({ mimeType, size, sha256, filename })
  const item = { id, account, createdAt, chat, received, ...about, fetchCount: 0, sent: {} }
  insert(tx, item, { file: null, fetchAt: when === 'at once' ? createdAt.getTime() : null })
  tx.touch('media')
}

export function fetchedMedia(
  tx: Tx,
  args: { id: string; traits: FileTraits; file: NewFile },
): 'kept' | 'known' | 'gone' {
  const row = tx.db.get<MediaRow>(`${MEDIA} WHERE id = ? AND file IS NULL`, args.id)
  if (row === undefined) return 'gone'
  const { seq, outcome } = keepFile(tx, row.account, args.file)
  const { traits } = args
  const body = { ...bodyOf(tx, row), ...traits }
  tx.db.run(
    'UPDATE media SET file = ?, fetch_at = NULL, body = ? WHERE seq = ?',
    seq,
    sealBody(tx, row, body),
    row.seq,
  )
  return outcome
}

/** Without an instant nothing is tried again by itself. */
export function putOffMedia({ db }: Tx, args: { id: string; until?: Date; attempts: number }): void {
  db.run(
    'UPDATE media SET fetch_at = ?, fetch_count = fetch_count + ? WHERE id = ? AND file IS NULL',
    args.until?.getTime() ?? null,
    args.attempts,
    args.id,
  )
}

export function noteSentMedia(tx: Tx, args: { id: string; type: MediaType; remote: SentFile }): void {
  const row = rowOfMedia(tx, args.id)
  if (row === undefined) return
  const sent = { ...sentOf(tx, row), [args.type]: args.remote }
  const sealed = tx.vault.seal(scopeOf(row.account), cell(row.id, 'sent'), JSON.stringify(sent))
  tx.db.run('UPDATE media SET sent = ? WHERE seq = ?', sealed, row.seq)
}

export function sentBefore(source: Source, fileName: string, type: MediaType): readonly SentFile[] {
  const rows = source.db.all<MediaRow>(
    `${MEDIA} WHERE sent IS NOT NULL AND file = (SELECT seq FROM media_files WHERE name = ?)`,
    fileName,
  )
  return rows.flatMap(row => sentOf(source, row)[type] ?? [])
}

export function removeMedia(tx: Tx, args: { account: string; id: string }): Removed {
  const row = tx.db.get<MediaRow>(`${MEDIA} WHERE id = ? AND account = ?`, args.id, args.account)
  if (row === undefined) return { kind: 'unknown' }
  if (isAwaited(tx, row)) return { kind: 'awaited' }
  return { kind: 'removed', files: removeRow(tx, row) }
}

/** Of items older than an instant, those that no message still to be sent needs. */
export function oldMedia(
  { db }: Tx,
  query: { before: Date; from: readonly [number, number]; limit: number },
): readonly MediaRow[] {
  return db.all<MediaRow>(
    `${MEDIA} WHERE created_at < ? AND (created_at, seq) > (?, ?) ORDER BY created_at, seq LIMIT ?`,
    query.before.getTime(),
    ...query.from,
    query.limit,
  )
}

/** True while a message that is still to be sent carries it. */
export function isAwaited({ db }: Tx, { id }: Pick<MediaRow, 'id'>): boolean {
  const waiting = "SELECT 1 FROM messages WHERE media = ? AND status IN ('held', 'queued', 'sending')"
  return db.get(waiting, id) !== undefined
}

/** Removes an item; answers the files that nothing needs any more. */
export function removeRow(tx: Tx, { seq, file }: MediaRow): readonly string[] {
  tx.db.run('DELETE FROM media WHERE seq = ?', seq)
  return file === null ? [] : dropFile(tx, file)
}

function insert(tx: Tx, item: MediaItem, where: { file: number | null; fetchAt: number | null }): void {
  const { id, account, createdAt, file: _file, fetchCount, sent: _sent, ...body } = item
  tx.db.run(
    'INSERT INTO media (id, account, created_at, file, fetch_at, fetch_count, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    id,
    account,
    createdAt.getTime(),
    where.file,
    where.fetchAt,
    fetchCount,
    sealBody(tx, { id, account }, body),
  )
}

export function toItem(source: Source, row: MediaRow): MediaItem {
  const file: StoredFile | undefined = row.file === null ? undefined : fileOf(source, row.file)
  return {
    ...bodyOf(source, row),
    id: row.id,
    account: row.account,
    createdAt: new Date(row.created_at),
    fetchCount: row.fetch_count,
    sent: sentOf(source, row),
    ...present({ file }),
  }
}

function bodyOf({ vault }: Source, row: MediaRow): MediaBody {
  return JSON.parse(vault.open(cell(row.id, 'body'), row.body).toString()) as MediaBody
}

function sentOf({ vault }: Source, row: MediaRow): MediaItem['sent'] {
  const text = vault.openText(cell(row.id, 'sent'), row.sent)
  return text === undefined ? {} : (JSON.parse(text) as MediaItem['sent'])
}

function sealBody(tx: Tx, { id, account }: Pick<MediaRow, 'id' | 'account'>, body: MediaBody): Buffer {
  return tx.vault.seal(scopeOf(account), cell(id, 'body'), JSON.stringify(body))
}

function cell(id: string, column: 'body' | 'sent') {
  return { table: 'media', row: id, column }
}
