import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from '../options.ts'
import { newAccount, qrOf } from './plain-client.ts'
import { CONTACT, MAIN, Rig } from './rig.ts'

const text = { type: 'text', text: { body: 'x' } }
const REFUSALS: readonly { method?: string; path: string; body?: unknown; want: RegExp }[] = [
  { path: '/phones', body: {}, want: /^400 `number` must be a non-empty string$/ },
  { path: '/phones', body: { number: 12025550100 }, want: /^400 `number` must be a non-empty string$/ },
  { path: '/phones', body: { number: 'Bob' }, want: /^400 `number` must be a phone number/ },
  {
    path: '/phones',
    body: { number: '+12025550107', nmae: 'x' },
    want: /^400 `nmae` is not a member here; known: number, name/,
  },
  { path: '/phones', body: [], want: /^400 the body must be a JSON object$/ },
  {
    path: '/phones/12025550199/send',
    body: { to: MAIN, ...text },
    want: /^404 there is no phone \+12025550199/,
  },
  { path: `/phones/${MAIN}/send`, body: { to: MAIN }, want: /^400 `type` must be a non-empty string$/ },
  {
    path: `/phones/${MAIN}/send`,
    body: { to: MAIN, type: 'smell' },
    want: /^400 `type` must be one of text/,
  },
  {
    path: `/phones/${MAIN}/send`,
    body: { to: MAIN, type: 'text', text: { body: 7 } },
    want: /^400 `text.body` must be/,
  },
  {
    path: `/phones/${MAIN}/send`,
    body: { to: '+12025550199', ...text },
    want: /^404 \+12025550199 is not on WhatsApp/,
  },
  { path: `/phones/${MAIN}/send`, body: { ...text }, want: /^400 `to` must be a non-empty string$/ },
  { path: `/phones/${MAIN}/scan`, body: { qr: 'nonsense' }, want: /^409 this QR code is not valid/ },
  {
    path: `/phones/${MAIN}/read`,
    body: { message_ids: 'A' },
    want: /^400 `message_ids` must be a list of strings$/,
  },
  { method: 'GET', path: `/phones/${MAIN}/inbox?after=NONE`, want: /^404 .* has no message NONE$/ },
  { path: '/faults', body: { kind: 'flood' }, want: /^400 `kind` must be one of drop-connection, / },
  { path: '/faults', body: { kind: 'no-ack', count: 0 }, want: /^400 `count` must be 1 or more$/ },
  { path: '/faults', body: { kind: 'no-ack', after: -1 }, want: /^400 `after` must be a whole number/ },
  { path: `/accounts/${MAIN}/unlink`, body: {}, want: /^404 \+12025550100 has no such linked device$/ },
  { path: '/certificate', body: { bad: 'ugly' }, want: /^400 `bad` must be one of wrong-root, / },
  { path: '/nowhere', want: /^404 there is no route \/nowhere$/ },
  { method: 'PUT', path: '/stats', want: /^405 use GET$/ },
]

test('answers what is wrong with a request in one sentence', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: MAIN })
  for (const { method = 'POST', path, body, want } of REFUSALS) {
    await assert.rejects(
      rig.ask(method, path, body),
      { message: want },
      `${method} ${path} ${JSON.stringify(body)}`,
    )
  }
  const answer = await fetch(`${rig.simulator.admin}/phones`, { method: 'POST', body: '{' })
  assert.equal(answer.status, 400)
})

test('makes a phone, shows it, renames it and keeps its identity', async t => {
  const rig = await Rig.start(t)
  type Phone = { number: string; name: string; lid: string; devices: number[] }
  const made = await rig.ask<Phone>('POST', '/phones', { number: `+${MAIN}`, name: 'Alice' })
  const renamed = await rig.ask<Phone>('POST', '/phones', { number: MAIN, name: 'Alicia' })
  assert.deepEqual({ ...renamed, name: 'Alice' }, made)
  assert.deepEqual(await rig.ask('GET', '/phones'), { data: [renamed] })
  assert.deepEqual([renamed.number, renamed.name, renamed.devices], [`+${MAIN}`, 'Alicia', []])
})

test('lists the inbox from any point on: by count or by message id', async t => {
  const rig = await Rig.start(t)
  for (const number of [MAIN, CONTACT]) await rig.ask('POST', '/phones', { number })
  const ids: string[] = []
  for (const body of ['a', 'b', 'c']) ids.push(await rig.send(CONTACT, `+${MAIN}`, body))
  assert.equal((await rig.inboxOf(MAIN, 3)).length, 3)
  const after = async (point: string) =>
    (await rig.ask<{ data: { id: string }[] }>('GET', `/phones/${MAIN}/inbox?after=${point}`)).data.map(
      ({ id }) => id,
    )
  assert.deepEqual(await after('0'), ids)
  assert.deepEqual(await after('2'), ids.slice(2))
  assert.deepEqual(await after(String(ids[0])), ids.slice(1))
})

test('reset forgets phones, links, messages, faults and figures, but not its root key', async t => {
  const rig = await Rig.start(t)
  const { sock } = await rig.linked(MAIN)
  const root = rig.simulator.noiseRoot
  await rig.ask('POST', '/faults', { kind: 'no-ack' })
  await rig.ask('POST', '/reset')
  await rig.eventually(async () => (await rig.stats()).connections, 0)
  assert.deepEqual(await rig.ask('GET', '/phones'), { data: [] })
  assert.deepEqual(await rig.ask('GET', '/faults'), { data: [] })
  assert.deepEqual(rig.simulator.noiseRoot, root)
  await sock.end(undefined)
  assert.match(await qrOf(rig.connect(newAccount())), /^https:/)
})

test('reads its options, and says which of them it does not know', () => {
  assert.deepEqual(readOptions(['--port', '1', '--admin-port', '2', '--state', 'd', '--seed', '3']), {
    port: 1,
    adminPort: 2,
    host: '127.0.0.1',
    seed: 3,
    stateDir: 'd',
  })
  assert.equal(readOptions(['--bad-certificate', 'expired']).badCertificate, 'expired')
  assert.throws(() => readOptions(['--prot', '1']), /--prot/)
  assert.throws(() => readOptions(['--port', 'x']), /--port must be a whole number, got x/)
  assert.throws(() => readOptions(['--bad-certificate', 'ugly']), /does not know ugly/)
})
