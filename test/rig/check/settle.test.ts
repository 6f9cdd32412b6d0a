import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Traffic } from '../traffic/traffic.ts'
import type { Entry } from './ledger.ts'
import { settle } from './settle.ts'

const entry = (key: string): Entry => ({ key, id: key })

/** Traffic that is over, of which receipts still come: one of them whenever somebody has looked. */
function trickling(count: number): Traffic {
  const [events, told] = [[entry('first')], [entry('first')]]
  let left = count
  const look = (name: string, entries: readonly Entry[]) => {
    const seen = { name, entries: [...entries] }
    if (left-- > 0) for (const ledger of [events, told]) ledger.push(entry(`receipt ${left}`))
    return Promise.resolve(seen)
  }
  const nothing = async () => ({ name: 'nothing', entries: [] })
  return {
    numbers: [],
    witnesses: {
      inboxes: nothing,
      receivedByWebhook: nothing,
      eventsOf: nothing,
      leftEvents: nothing,
      owed: () => look('events', events),
      webhooks: () => look('receiver', told),
    },
    accepted: { name: 'accepted', entries: [] },
    written: { name: 'written', entries: [] },
    end: async () => {},
    resume() {},
    close() {},
  }
}

test('takes nothing for unpromised that happens while it looks, and waits until its webhook is there', async () => {
  for (const count of [0, 1, 5]) {
    const { faults, comparisons } = await settle(trickling(count))
    assert.deepEqual(faults, [], `${count} receipts`)
    assert.ok((comparisons.at(-1)?.count ?? 0) >= 1)
  }
})
