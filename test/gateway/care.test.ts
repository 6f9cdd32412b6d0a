import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { isAlive } from '../supervise/world.ts'
import { eventually, type Sandbox, sleep, startSandbox } from './sandbox.ts'

const OURS = () => sandbox.endpoints().accounts.main?.phone ?? ''
const CAROL = '+15550100003'
const PATIENCE_MS = 60_000
const ENDS_WITHIN_MS = 10_000
const LIMIT_MS = 90_000
let sandbox: Sandbox

before(async () => {
  sandbox = await startSandbox({ env: { POSTERN_LOG_LEVEL: 'debug' } })
  await sandbox.simulator('/phones', { number: CAROL, name: 'Carol' })
})
after(() => sandbox.dispose())

type Inbox = { data: { id: string; text?: { body: string } }[] }

async function send(body: string): Promise<{ id: string; message_id: string }> {
  const answer = await sandbox.api({
    path: '/v1/accounts/main/messages',
    body: { to: CAROL, type: 'text', text: { body } },
  })
  assert.equal(answer.status, 202, answer.text)
  return JSON.parse(answer.text)
}

async function copiesOf(body: string): Promise<readonly string[]> {
  const inbox = (await sandbox.simulator(`/phones/${CAROL}/inbox`)) as Inbox
  return inbox.data.filter(entry => entry.text?.body === body).map(({ id }) => id)
}

async function account(): Promise<{ state: string; health: Record<string, boolean> }> {
  return JSON.parse((await sandbox.api({ path: '/v1/accounts/main' })).text)
}

/** Every sample of the metrics, by its name with labels. */
async function metrics(): Promise<Record<string, number>> {
  const answer = await fetch(sandbox.endpoints().metrics)
  assert.equal(answer.status, 200)
  const lines = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map(line => [line.replace(/ \S+$/, ''), Number(line.replace(/.* /, ''))]))
}

test('metrics tell how the accounts are and what has passed, and no number', async () => {
  await send('to be counted')
  await eventually('the message', async () =>
    (await copiesOf('to be counted')).length > 0 ? true : undefined,
  )
  const found = await eventually('the counts', async () => {
    const now = await metrics()
    return (now['postern_messages_total{account="main",direction="out"}'] ?? 0) > 0 ? now : undefined
  })
  assert.equal(found['postern_account_state{account="main",state="open"}'], 1)
  assert.equal(found['postern_account_state{account="main",state="closed"}'], 0)
  for (const word of ['connected', 'receiving', 'sending'])
    assert.equal(found[`postern_account_${word}{account="main"}`], 1, word)
  assert.equal(found.postern_sandbox, 1)
  const { policy } = sandbox.endpoints()
  const [revision, digest] = policy.split(' ')
  assert.equal(found[`postern_policy_info{revision="${revision}",digest="${digest}"}`], 1)
  assert.ok(
    Object.keys(found).some(name => name.startsWith('postern_outbox_entries{account="main",status="')),
  )
  assert.ok('nodejs_eventloop_lag_p99_seconds' in found)
  assert.ok((found.process_resident_memory_bytes ?? 0) > 0)
  const names = Object.keys(found).join('\n')
  for (const number of [CAROL, OURS()]) assert.ok(!names.includes(number.slice(1)), number)
})

test('metrics are at their own address and at no site', async () => {
  const { metrics: url, api } = sandbox.endpoints()
  assert.equal((await fetch(new URL('/', url))).status, 404)
  assert.equal((await fetch(url, { method: 'POST' })).status, 405)
  assert.match(url, /^http:\/\/127\.0\.0\.1:/)
  assert.equal((await sandbox.api({ path: '/metrics' })).status, 404, api)
})

test('SIGTERM ends the app in time, whatever hangs, and nothing of it is lost', async () => {
  const { pids } = sandbox.endpoints()
  await sandbox.simulator('/faults', { kind: 'silent', account: OURS() })
  await fetch(new URL('/behave', sandbox.endpoints().receiver.deliveries), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 204, delay_ms: 600_000, times: 1 }),
  })
  const idle = connect(sandbox.base + 80, '127.0.0.1').on('error', () => undefined)
  const waiting = sandbox.api({ path: '/v1/events?wait=60' }).catch(() => undefined)
  const { id, message_id } = await send('under way at the end')
  await eventually('the send to be under way', async () => {
    const answer = await sandbox.api({ path: `/v1/accounts/main/messages/${id}` })
    return JSON.parse(answer.text).status === 'sending' ? true : undefined
  })
  const app = pids.app ?? 0
  const toldAt = performance.now()
  process.kill(app, 'SIGTERM')
  while (isAlive(app)) await sleep(20)
  const tookMs = performance.now() - toldAt
  assert.ok(tookMs < ENDS_WITHIN_MS, `${Math.round(tookMs)} ms`)
  idle.destroy()
  await waiting
  assert.match(sandbox.log(), /"event":"app\.stopped"/, 'it drained, and was not cut off')
  const copies = await eventually(
    'the message',
    async () => {
      const ids = await copiesOf('under way at the end').catch(() => [])
      return ids.length > 0 ? ids : undefined
    },
    PATIENCE_MS,
  )
  assert.deepEqual(copies, [message_id])
  await eventually(
    'the webhook that hung',
    async () => {
      const seen = (await sandbox.deliveries()).filter(({ body }) => body.includes(message_id))
      return seen.some(({ body }) => body.includes('message.delivered')) ? true : undefined
    },
    PATIENCE_MS,
  )
})

test('what waits in the outbox while the device is gone leaves once the account is linked again', async () => {
  await sandbox.simulator(`/accounts/${OURS()}/unlink`, {})
  await eventually(
    'the loss',
    async () => ((await account()).state === 'logged_out' ? true : undefined),
    PATIENCE_MS,
  )
  const { id, message_id } = await send('kept for later')
  const status = async () =>
    JSON.parse((await sandbox.api({ path: `/v1/accounts/main/messages/${id}` })).text).status
  assert.equal(await status(), 'queued')
  const link = JSON.parse(
    (await sandbox.api({ path: '/v1/accounts/main/link', body: { method: 'qr' } })).text,
  ) as { qr: string }
  await sandbox.simulator(`/phones/${OURS()}/scan`, { qr: link.qr })
  const copies = await eventually(
    'the message',
    async () => {
      const ids = await copiesOf('kept for later')
      return ids.length > 0 ? ids : undefined
    },
    PATIENCE_MS,
  )
  assert.deepEqual(copies, [message_id])
})

test('what libsignal prints of its sessions is in no output of the appliance', async () => {
  await sandbox.simulator('/faults', { kind: 'retry-receipt', account: OURS() })
  const { message_id } = await send('asked for again')
  await eventually('the repeat', async () =>
    (await copiesOf('asked for again')).includes(message_id) ? true : undefined,
  )
  const said = sandbox.log()
  assert.match(said, /"event":"library\.console"/, 'it had something to print')
  for (const secret of [
    'Closing session',
    'SessionEntry',
    'privKey',
    'rootKey',
    'asked for again',
    CAROL.slice(1),
  ])
    assert.ok(!said.includes(secret), secret)
})

test('a deaf session of the sandbox is noticed and healed within 90 s', {
  skip: process.env.TEST_LONG === undefined && 'minutes long: --long',
}, async t => {
  await sandbox.simulator('/faults', { kind: 'deaf', account: OURS() })
  const struckAt = performance.now()
  await sandbox.simulator(`/phones/${CAROL}/send`, { to: OURS(), type: 'text', text: { body: 'unheard' } })
  await eventually(
    'the alert and the message',
    async () => {
      const bodies = (await sandbox.deliveries()).map(({ body }) => body)
      const isTold = bodies.some(body => body.includes('security.alert') && body.includes('deaf_session'))
      return isTold && bodies.some(body => body.includes('unheard')) ? true : undefined
    },
    LIMIT_MS,
  )
  t.diagnostic(`healed after ${((performance.now() - struckAt) / 1_000).toFixed(1)} s`)
  assert.equal((await metrics())['postern_deaf_sessions_total{account="main"}'], 1)
})
