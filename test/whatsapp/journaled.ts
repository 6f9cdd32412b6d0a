import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { type BinaryNode, proto } from '@whiskeysockets/baileys'
import { type Log, silentLog } from '../../app/lib/log.ts'
import type { PosternEvent } from '../../app/model/event.ts'
import type { Store } from '../../app/store/store.ts'
import { readArrival } from '../../app/whatsapp/inbound/read.ts'
import type { Reader } from '../../app/whatsapp/inbound/reading.ts'
import { encodeStanza, type Me } from '../../app/whatsapp/journal/arrival.ts'
import { DeviceMail } from '../../app/whatsapp/journal/device-mail.ts'
import { Recorder } from '../../app/whatsapp/journal/recorder.ts'
import { open, START, temporaryFolder } from '../store/fixture.ts'
import { route } from './rig.ts'

export const ME: Me = { id: '12025550100:1@s.whatsapp.net' }
export const BOB = '12025550102@s.whatsapp.net'

export type JournaledOptions = {
  /** What the recorder takes for the store; the real one, or something in front of it. */
  readonly store?: (store: Store) => Store
  readonly lookup?: Reader['lookup']
  readonly log?: Log
}

/** The real reader, recorder and store, with whatever stands in the journal. */
export type Journaled = {
  readonly store: Store
  readonly dataDir: string
  /** What a phone may send: a stanza, and what its ciphertext said. */
  came(node: BinaryNode, plaintext?: Uint8Array): Promise<void>
  /** Resolves once all that came is recorded, or stays in the journal because it cannot be. */
  settled(): Promise<void>
  /** Takes up what was left, as the next start does. */
  resume(): Promise<void>
  /** What has been told since it was asked for last. */
  news(): Promise<PosternEvent[]>
}

export async function journaled(t: TestContext, options: JournaledOptions = {}): Promise<Journaled> {
  const dataDir = temporaryFolder(t)
  const real = await open(dataDir)
  t.after(() => real.close())
  const store = options.store?.(real) ?? real
  const about = { account: 'main', store, log: options.log ?? silentLog, now: () => START }
  let newest: string | undefined
  const recorder = new Recorder({
    ...{ ...about, unreadMs: 0, resends: { left() {} }, recorded() {} },
    mail: new DeviceMail({ ...about, socket: () => undefined, readPast: async () => undefined }),
    read: ({ node, me }, entry, named) =>
      readArrival({ node, me }, entry, {
        ...{ account: 'main', me, at: entry.at, route, named },
        lookup: options.lookup ?? (async () => null),
      }),
  })
  return {
    store: real,
    dataDir,
    async came(node, plaintext) {
      const stanza = encodeStanza({ node, me: ME })
      const said = plaintext === undefined ? {} : { plaintext }
      const arrival = { account: 'main', digest: randomBytes(32), at: START, stanza, ...said }
      const seq = await real.journal.add(arrival)
      if (seq !== undefined) recorder.accept({ ...arrival, seq })
    },
    settled: () => recorder.settled(),
    resume: () => recorder.resume(),
    async news() {
      const after = newest === undefined ? {} : { after: newest }
      const { items } = await real.events.list({ limit: 1_000, ...after })
      newest = items.at(-1)?.id ?? newest
      return [...items]
    },
  }
}

/** A message's stanza, as the server hands it on; an attribute that is undefined is not there. */
export function stanzaOf(id: string, attrs: Readonly<Record<string, string | undefined>> = {}): BinaryNode {
  const all = { id, from: BOB, t: '1772359200', type: 'text', ...attrs }
  const there = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { tag: 'message', attrs: Object.fromEntries(there) }
}

/** What a ciphertext says: the message with the one byte of padding that there has to be. */
export function padded(message: proto.IMessage): Uint8Array {
  return Buffer.concat([proto.Message.encode(message).finish(), Uint8Array.of(1)])
}
