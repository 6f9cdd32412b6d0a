import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionRecord } from '../../app/model/decision.ts'
import { ACTOR, ALICE, createWorld, limit, policyWith, rule, type World } from './world.ts'

const HOLD = rule({ id: 'a-human-looks', effect: 'hold' })

async function decisions(world: World): Promise<readonly DecisionRecord[]> {
  return (await world.store.decisions.list({ since: new Date(0), limit: 100 })).items
}

const short = ({ effect, by, rules }: DecisionRecord) => [effect, by, rules?.by]

test('what is accepted, held, denied and limited is recorded under the id that its answer has', async t => {
  const world = await createWorld(t)
  const accepted = await world.accepted({ purpose: 'billing' })
  world.policy = policyWith([HOLD])
  const held = await world.accepted()
  const denied = await world.enqueue({ actor: { ...ACTOR, principal: 'stranger' } })
  world.policy = policyWith([], [limit({ onExceed: 'reject', burst: 0 })])
  const limited = await world.enqueue()
  world.policy = policyWith([], [limit({ onExceed: 'hold', burst: 0 })])
  const heldByLimit = await world.accepted()
  assert.ok(denied.kind === 'denied' && limited.kind === 'limited')
  const ids = [
    accepted.decisionId,
    held.decisionId,
    denied.decisionId,
    limited.decisionId,
    heldByLimit.decisionId,
  ]
  const found = await Promise.all(ids.map(id => world.store.decisions.get(id ?? '')))
  assert.deepEqual(
    found.map(record => record && short(record)),
    [
      ['allow', 'billing-sends', undefined],
      ['hold', 'a-human-looks', undefined],
      ['deny', 'default', undefined],
      ['deny', 'limit:per-account', 'billing-sends'],
      ['hold', 'limit:per-account', 'billing-sends'],
    ],
  )
  const { request, credential, revision, digest } = found[0] ?? assert.fail()
  assert.deepEqual(
    { ...request, at: 'then' },
    {
      ...{
        principal: 'billing',
        action: 'messages.send',
        account: 'main',
        to: ALICE,
        type: 'text',
        at: 'then',
      },
      ...{ recipientKind: 'contact', purpose: 'billing', ip: '127.0.0.1' },
      // A policy that comes later may ask this, although the one in force does not.
      ...{ firstContact: true, lastInboundAt: 'never', consents: [], optedOut: false },
    },
  )
  assert.deepEqual(
    [credential, revision, digest],
    ['mtls:4f', world.policy.revision, world.policy.snapshot.digest],
  )
  assert.ok(!JSON.stringify(found).includes('text 1'), 'never a body')
})

test('what is stopped on its way out is decided under an id of its own', async t => {
  const world = await createWorld(t)
  const message = await world.accepted()
  world.policy = policyWith([], [], [])
  await world.startWorker(t)
  await world.until(message.id, 'failed')
  const [first, second] = await decisions(world)
  assert.deepEqual([first?.id, first?.effect], [message.decisionId, 'allow'])
  assert.deepEqual([second?.effect, second?.by], ['deny', 'default'])
  assert.equal((await world.audit()).at(-1)?.detail?.decision, second?.id)
})

test('an approval is decided under an id of its own, and so is its refusal', async t => {
  const world = await createWorld(t)
  world.policy = policyWith([HOLD])
  const { id } = await world.accepted()
  const own = await world.review({ actor: ACTOR, account: 'main', id, verdict: 'approve' })
  await world.review({ actor: { principal: 'reports' }, account: 'main', id, verdict: 'approve' })
  const [, refused, approved] = await decisions(world)
  assert.ok(own.kind === 'own')
  assert.deepEqual([refused?.id, refused?.by], [own.decisionId, 'sender'])
  assert.deepEqual([refused?.request.principal, refused?.request.action], ['billing', 'messages.approve'])
  assert.deepEqual([approved?.effect, approved?.by], ['hold', 'a-human-looks'])
  assert.equal((await world.audit()).at(-1)?.detail?.decision, approved?.id)
})
