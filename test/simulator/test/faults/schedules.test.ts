import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Faults } from '../../network/faults/faults.ts'
import { RECOVERABLE_FAULTS } from '../../network/faults/kinds.ts'
import { closed, nextText, opened } from '../plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from '../rig.ts'

test('service-unavailable goes on for as many log-ins as it has left', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', '/faults', { kind: 'service-unavailable', count: 3 })
  assert.equal(await end, 503)
  for (let attempt = 0; attempt < 2; attempt++) assert.equal(await closed(rig.connect(account)), 503)
  await opened(rig.connect(account))
})

test('service-unavailable goes on for as long as it was told to', async t => {
  const rig = await Rig.start(t)
  const { account, sock } = await rig.linked(MAIN)
  const end = closed(sock)
  await rig.ask('POST', '/faults', { kind: 'service-unavailable', for_ms: 700 })
  const over = sleep(750)
  assert.equal(await end, 503)
  assert.equal(await closed(rig.connect(account)), 503)
  await over
  await opened(rig.connect(account))
  assert.deepEqual(await rig.ask('GET', '/faults'), { data: [] })
})

test('a connection fault with `after` waits for so many messages', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'drop-connection', after: 2 })
  const end = closed(sock)
  await sock.sendMessage(jid(CONTACT), { text: 'one' })
  assert.equal((await rig.ask<{ data: unknown[] }>('GET', '/faults')).data.length, 1)
  await sock.sendMessage(jid(CONTACT), { text: 'two' })
  assert.equal(await end, 428)
  assert.equal((await rig.inboxOf(CONTACT, 2)).length, 2)
})

test('messages to the account count as well as those from it', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'stream-error', code: 463, after: 2 })
  const end = closed(sock)
  const first = nextText(sock)
  await rig.send(CONTACT, MAIN, 'one')
  await first
  await sock.sendMessage(jid(CONTACT), { text: 'two' })
  assert.equal(await end, 463)
})

test('DELETE /faults takes back what has not struck yet', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/faults', { kind: 'duplicate' })
  await rig.ask('DELETE', '/faults')
  const stanzas: string[] = []
  sock.ws.on('CB:message', (node: { attrs: { id: string } }) => stanzas.push(node.attrs.id))
  const arrival = nextText(sock)
  const id = await rig.send(CONTACT, MAIN, 'once')
  await arrival
  assert.deepEqual(stanzas, [id])
})

test('random faults strike about as often as told, the same messages for the same seed, others for another', () => {
  const runs = [7, 7, 8].map(seed => strikes(seed))
  assert.deepEqual(runs[0], runs[1])
  assert.notDeepEqual(runs[0], runs[2])
  for (const struck of runs)
    assert.ok(Math.abs(struck.length - 100) < 30, `${struck.length} of 1000 at one in ten`)
})

test('the luck of one account does not depend on what others do', () => {
  const alone = strikes(3)
  const faults = newFaults()
  faults.add({ kind: 'no-ack', after: 0, oneIn: 10, seed: 3 })
  const together: number[] = []
  for (let n = 0; n < 1_000; n++) {
    for (let other = 0; other < n % 3; other++) faults.fires('no-ack', CONTACT)
    if (faults.fires('no-ack', MAIN) !== undefined) together.push(n)
  }
  assert.deepEqual(together, alone)
})

test('`random` stands for every fault that an account recovers from, or for those that are named', async t => {
  const rig = await Rig.start(t)
  type Faulty = { data: { kind: string; one_in: number }[] }
  await rig.ask('POST', '/faults', { kind: 'random', one_in: 50, seed: 1 })
  const all = await rig.ask<Faulty>('GET', '/faults')
  assert.deepEqual(
    all.data.map(({ kind }) => kind),
    RECOVERABLE_FAULTS,
  )
  await rig.ask('DELETE', '/faults')
  await rig.ask('POST', '/faults', {
    kind: 'random',
    one_in: 50,
    kinds: ['no-ack', 'duplicate'],
    account: MAIN,
  })
  const some = await rig.ask<Faulty>('GET', '/faults')
  assert.deepEqual(some.data, [
    { kind: 'no-ack', after: 0, account: `+${MAIN}`, one_in: 50 },
    { kind: 'duplicate', after: 0, account: `+${MAIN}`, one_in: 50 },
  ])
})

function strikes(seed: number): readonly number[] {
  const faults = newFaults()
  faults.add({ kind: 'no-ack', after: 0, oneIn: 10, seed })
  return Array.from({ length: 1_000 }, (_, n) => n).filter(() => faults.fires('no-ack', MAIN) !== undefined)
}

function newFaults(): Faults {
  return new Faults({ seed: 1, now: () => new Date() })
}
