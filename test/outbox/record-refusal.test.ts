import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import type { DecisionRecord } from '../../app/model/decision.ts'
import { recordRefusal } from '../../app/outbox/record-refusal.ts'
import { createLimiter } from '../../app/policy/limiter.ts'
import { ACTOR, createWorld, openTestStore } from './world.ts'

const decisionOf = (principal: string, at: Date): DecisionRecord => ({
  ...{
    id: newId('dec', at),
    effect: 'deny',
    by: 'default',
    reason: 'no',
    revision: 'r1',
    digest: 'sha256:0',
  },
  request: { principal, action: 'audit.read', at },
})

test('writes every refusal down until one principal has 600 in a minute, then that there is a gap', async t => {
  const store = await openTestStore(t)
  let at = new Date('2030-01-01T00:00:00Z')
  const deps = { store, limiter: createLimiter(), now: () => at }
  const refuse = (principal: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, n) =>
        recordRefusal(
          { ...ACTOR, principal, at, action: 'audit.read', decision: 'deny', detail: { n } },
          decisionOf(principal, at),
          deps,
        ),
      ),
    )
  const written = async () => (await store.audit.list({ limit: 2_000 })).items
  await refuse('billing', 5_000)
  assert.equal((await written()).length, 601)
  assert.equal((await store.decisions.list({ since: at, limit: 2_000 })).items.length, 601)
  assert.deepEqual((await written()).at(-1)?.detail, { n: 600, gap: true })

  await refuse('reports', 20)
  assert.equal((await written()).length, 621, 'another principal has room of its own')

  at = new Date('2030-01-01T00:01:00Z')
  await refuse('billing', 5_000)
  assert.equal((await written()).length, 621 + 601)
  assert.deepEqual(await store.audit.verify(), { entries: 621 + 601 })
})

test('bounds what is denied on its way into the outbox, and still says each time why', async t => {
  const world = await createWorld(t)
  const stranger = { ...ACTOR, principal: 'stranger' }
  const results = await Promise.all(Array.from({ length: 700 }, () => world.enqueue({ actor: stranger })))
  assert.ok(results.every(result => result.kind === 'denied'))
  const count = (await world.audit()).length
  assert.ok(count > 600 && count < 660, `${count} entries`)
  assert.equal((await world.enqueue()).kind, 'accepted')
})
