import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proto } from '@whiskeysockets/baileys'
import { type Chunk, chunksFor } from '../../phones/history/chunks.ts'
import { openWorld, type World } from '../../store/world.ts'
import { MAIN } from '../rig.ts'

const { HistorySyncType } = proto.HistorySync
const { EndOfHistoryTransferType } = proto.Conversation
const PEOPLE = ['12025550101', '12025550102', '12025550103', '12025550104', '12025550105']
const TEXTS = 80
const PER_PART = 100

/** A phone that has written much to five people, without a network around it. */
function talkative(): World {
  const world = openWorld({ seed: 1, now: () => new Date() })
  for (const number of [MAIN, ...PEOPLE]) world.users.add({ number, name: number })
  for (let n = 0; n < TEXTS; n++) {
    for (const to of PEOPLE) {
      const message = proto.Message.encode({ conversation: `text ${n}` }).finish()
      const at = new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString()
      world.sent.add(MAIN, { id: `${to} ${n}`, to, device: 0, message, status: 'read', at })
    }
  }
  return world
}

function partsOf(world: World): readonly Chunk[] {
  const user = world.users.get(MAIN)
  assert.ok(user)
  return chunksFor(world, user, 'full')
}

function idsIn({ conversations }: Chunk): readonly string[] {
  return (conversations ?? []).flatMap(({ messages }) =>
    (messages ?? []).map(({ message }) => String(message?.key?.id)),
  )
}

test('a long history comes in parts of which none is too long, and every message in one of them', async () => {
  const world = talkative()
  const parts = partsOf(world)
  const lengths = parts.map(part => idsIn(part).length)
  assert.ok(lengths.every(length => length <= PER_PART))
  const wanted = PEOPLE.flatMap(to => Array.from({ length: TEXTS }, (_, n) => `${to} ${n}`))
  assert.deepEqual(parts.flatMap(idsIn).toSorted(), wanted.toSorted())
  for (const type of [HistorySyncType.RECENT, HistorySyncType.FULL]) {
    const some = parts.filter(({ syncType }) => syncType === type)
    assert.deepEqual(
      some.map(({ chunkOrder }) => chunkOrder),
      some.map((_, index) => index + 1),
    )
    assert.ok(some.length > 1)
    assert.equal(
      some.findIndex(({ progress }) => progress === 100),
      some.length - 1,
    )
  }
  await world.db.close()
})

test('a chat says that it is over in the part that has its oldest message, and in no other', async () => {
  const world = talkative()
  const [first] = PEOPLE
  const pieces = partsOf(world).flatMap(({ conversations }) =>
    (conversations ?? []).filter(({ id }) => id === `${first}@s.whatsapp.net`),
  )
  const isOver = EndOfHistoryTransferType.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY
  const over = pieces.filter(({ endOfHistoryTransferType }) => endOfHistoryTransferType === isOver)
  assert.equal(over.length, 1)
  assert.equal(over[0]?.messages?.at(-1)?.message?.key?.id, `${first} 0`)
  await world.db.close()
})
