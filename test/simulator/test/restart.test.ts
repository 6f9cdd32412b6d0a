import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { closed, connect, eventOf, newAccount, opened, qrOf } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig, tempDir } from './rig.ts'

const MAIN_FILE = fileURLToPath(new URL('../main.ts', import.meta.url))

test('after a restart with the same state the account logs in without a new QR and finds its messages', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
  const { account, sock } = await rig.linked(MAIN)
  const sent = await sock.sendMessage(jid(CONTACT), { text: 'before' })
  await rig.inboxOf(CONTACT, 1)
  await sock.end(undefined)
  const waiting = await rig.send(CONTACT, MAIN, 'waits in the queue')
  const root = rig.simulator.noiseRoot
  await rig.restart()
  assert.deepEqual(rig.simulator.noiseRoot, root)
  const back = rig.connect(account)
  const arrival = eventOf(back, 'messages.upsert', ({ messages }) =>
    messages.find(({ key }) => key.id === waiting),
  )
  await opened(back)
  assert.equal((await arrival).message?.conversation, 'waits in the queue')
  await back.sendMessage(jid(CONTACT), { text: 'after' })
  assert.deepEqual(
    (await rig.inboxOf(CONTACT, 2)).map(({ text }) => text?.body),
    ['before', 'after'],
  )
  assert.equal((await rig.inbox(CONTACT))[0]?.id, sent?.key.id)
  const { messages_out, messages_in, violations } = await rig.stats()
  assert.deepEqual(
    { messages_out, messages_in, violations },
    { messages_out: 2, messages_in: 1, violations: 0 },
  )
})

test('without a state folder everything is forgotten', async t => {
  const rig = await Rig.start(t)
  const { account } = await rig.linked(MAIN)
  await rig.restart()
  assert.equal(await closed(rig.connect(account)), 401)
})

test('the same seed gives the same LIDs and message ids, another seed others', async t => {
  const runs = []
  for (const seed of [5, 5, 6]) {
    const rig = await Rig.start(t, { seed })
    for (const number of [MAIN, CONTACT]) await rig.ask('POST', '/phones', { number })
    const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${MAIN}`)
    runs.push([lid, await rig.send(MAIN, CONTACT, 'x')])
  }
  assert.deepEqual(runs[0], runs[1])
  assert.notEqual(runs[0]?.[0], runs[2]?.[0])
  assert.notEqual(runs[0]?.[1], runs[2]?.[1])
})

test('a killed simulator has lost no message that it acknowledged', async t => {
  const stateDir = tempDir(t)
  const first = await spawnSimulator(t, stateDir)
  const account = newAccount()
  await post(first.admin, '/phones', { number: CONTACT })
  await post(first.admin, '/phones', { number: MAIN })
  const pairing = connect(first.url, account)
  const end = closed(pairing)
  await post(first.admin, `/phones/${MAIN}/scan`, { qr: await qrOf(pairing) })
  await end
  const sock = await opened(connect(first.url, account))
  const acked: string[] = []
  sock.ws.on('CB:ack,class:message', (node: { attrs: { id: string } }) => {
    acked.push(node.attrs.id)
    if (acked.length === 20) first.process.kill('SIGKILL')
  })
  const gone = once(first.process, 'exit')
  for (let n = 0; n < 40; n++)
    await sock.sendMessage(jid(CONTACT), { text: `message ${n}` }).catch(() => undefined)
  await gone
  await sock.end(undefined)
  const second = await spawnSimulator(t, stateDir)
  const inbox = await inboxIds(second.admin, acked.length)
  assert.ok(acked.length >= 20)
  assert.deepEqual(
    acked.filter(id => !inbox.includes(id)),
    [],
  )
  assert.equal(new Set(inbox).size, inbox.length)
  const root = Buffer.from(readFileSync(join(stateDir, 'noise-root.pub'), 'utf8'), 'base64')
  assert.equal(root.length, 32)
  second.process.kill('SIGTERM')
  assert.deepEqual(await once(second.process, 'exit'), [0, null])
})

type Spawned = { readonly process: ChildProcess; readonly url: string; readonly admin: string }

async function spawnSimulator(t: TestContext, stateDir: string): Promise<Spawned> {
  const options = ['--port', '0', '--admin-port', '0', '--state', stateDir]
  const child = spawn(process.execPath, [MAIN_FILE, ...options], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) {
    return { process: child, ...(JSON.parse(line) as { url: string; admin: string }) }
  }
  throw new Error('the simulator said nothing')
}

async function post(admin: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${admin}${path}`, { method: 'POST', body: JSON.stringify(body) })
  assert.equal(answer.status, 200)
}

/**
 * The ids in the contact's inbox once there are at least so many, as a restarted simulator works off its
 * queue.
 */
async function inboxIds(admin: string, atLeast: number): Promise<readonly string[]> {
  const deadline = Date.now() + 3_000
  for (;;) {
    const answer = await fetch(`${admin}/phones/${CONTACT}/inbox`)
    const { data } = (await answer.json()) as { data: { id: string }[] }
    if (data.length >= atLeast || Date.now() > deadline) return data.map(({ id }) => id)
  }
}
