import type { Database, Row } from '../database.ts'
import { fromText, toText } from '../meta.ts'

export type ChannelRole = 'OWNER' | 'ADMIN' | 'SUBSCRIBER'

/** Somebody who follows a channel, by number without `+`. */
export type Follower = { readonly number: string; readonly role: ChannelRole; readonly muted: boolean }

/** A channel, which WhatsApp calls a newsletter on the wire. Times in seconds since 1970. */
export type Channel = {
  /** The whole JID. */
  readonly id: string
  readonly name: string
  readonly description: string
  readonly createdAt: number
  /** The code in the link to it. */
  readonly invite: string
  readonly followers: readonly Follower[]
}

/** Something published in a channel. Posts are not encrypted. */
export type Post = {
  /** Counted by the server, in each channel from 100. */
  readonly serverId: number
  /** The id that its author's client gave it. */
  readonly id: string
  readonly type: string
  readonly at: number
  readonly message: Uint8Array
  /** Who reacted with what, by number. */
  readonly reactions: Readonly<Record<string, string>>
}

export type Channels = {
  get(id: string): Channel | undefined
  byInvite(invite: string): Channel | undefined
  list(): readonly Channel[]
  put(channel: Channel): Channel
  remove(id: string): void
  /** Files a post under the next number; the one that it has when it is there already. */
  publish(channel: string, post: Omit<Post, 'serverId' | 'reactions'>): { post: Post; isNew: boolean }
  post(channel: string, serverId: number): Post | undefined
  /** In order; those after a number, before one, or all. */
  posts(channel: string): readonly Post[]
  react(channel: string, serverId: number, reactions: Post['reactions']): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS channels (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS posts (
  channel TEXT NOT NULL, server_id INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL,
  message BLOB NOT NULL, reactions TEXT NOT NULL, PRIMARY KEY (channel, server_id), UNIQUE (channel, id)) STRICT`
const FIRST_SERVER_ID = 100

/** Channels by JID, kept in memory whole; their posts are read when they are asked for. */
export function createChannels(db: Database): Channels {
  db.define(SCHEMA)
  const byId = new Map<string, Channel>()
  for (const row of db.all('SELECT body FROM channels')) keep(fromText(row.body) as Channel)

  function keep(channel: Channel): Channel {
    byId.set(channel.id, channel)
    return channel
  }
  const one = (sql: string, ...key: readonly (string | number)[]): Post | undefined => {
    const row = db.get(sql, ...key)
    return row === undefined ? undefined : fromRow(row)
  }

  return {
    get: id => byId.get(id),
    byInvite: code => [...byId.values()].find(({ invite }) => invite === code),
    list: () => [...byId.values()],
    put(channel) {
      db.run('INSERT OR REPLACE INTO channels (id, body) VALUES (?, ?)', channel.id, toText(channel))
      return keep(channel)
    },
    remove(id) {
      byId.delete(id)
      db.run('DELETE FROM channels WHERE id = ?', id)
      db.run('DELETE FROM posts WHERE channel = ?', id)
    },
    publish(channel, { id, type, at, message }) {
      const known = one('SELECT * FROM posts WHERE channel = ? AND id = ?', channel, id)
      if (known !== undefined) return { post: known, isNew: false }
      const last = db.get('SELECT max(server_id) AS n FROM posts WHERE channel = ?', channel)?.n
      const serverId = last == null ? FIRST_SERVER_ID : Number(last) + 1
      db.run(
        'INSERT INTO posts (channel, server_id, id, type, at, message, reactions) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ...[channel, serverId, id, type, at, message, '{}'],
      )
      return { post: { serverId, id, type, at, message, reactions: {} }, isNew: true }
    },
    post: (channel, serverId) =>
      one('SELECT * FROM posts WHERE channel = ? AND server_id = ?', channel, serverId),
    posts: channel =>
      db.all('SELECT * FROM posts WHERE channel = ? ORDER BY server_id', channel).map(fromRow),
    react: (channel, serverId, reactions) =>
      db.run(
        'UPDATE posts SET reactions = ? WHERE channel = ? AND server_id = ?',
        ...[JSON.stringify(reactions), channel, serverId],
      ),
    clear() {
      byId.clear()
      db.run('DELETE FROM channels')
      db.run('DELETE FROM posts')
    },
  }
}

function fromRow(row: Row): Post {
  return {
    serverId: Number(row.server_id),
    id: String(row.id),
    type: String(row.type),
    at: Number(row.at),
    message: row.message as Uint8Array,
    reactions: JSON.parse(String(row.reactions)) as Post['reactions'],
  }
}
