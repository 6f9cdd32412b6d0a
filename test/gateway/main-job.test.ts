import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { clientTests } from '../clients/clients.ts'
import { cloudClientTests } from '../compat/cloud-clients.ts'
import { whinselfTests } from '../compat/whinself-requests.ts'
import { eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const ALICE = '+15550100001'
let sandbox: Sandbox

before(async () => {
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: ALICE, name: 'Alice' })
})
after(() => sandbox.dispose())

type Inbox = { data: { id: string; from: string; type: string; text?: { body: string } }[] }

const textTo = (to: string, body: string) => ({
  path: '/v1/accounts/main/messages',
  body: { to, type: 'text', text: { body } },
})

test('a text sent with a client certificate is decrypted by the phone, and its receipts reach the timeline', async () => {
  const answer = await sandbox.api(textTo(ALICE, 'first light ✨'))
  assert.equal(answer.status, 202, answer.text)
  const accepted = JSON.parse(answer.text)
  assert.match(accepted.id, /^obx_/)
  assert.match(accepted.message_id, /^3EB0[0-9A-F]+$/)
  assert.match(accepted.decision, /^dec_/)
  assert.equal(accepted.status, 'queued')
  assert.equal(accepted.chat, ALICE)
  const entry = await eventually('the text in the inbox', async () => {
    const inbox = (await sandbox.simulator(`/phones/${ALICE}/inbox`)) as Inbox
    return inbox.data.find(({ id }) => id === accepted.message_id)
  })
  assert.deepEqual([entry.type, entry.text?.body], ['text', 'first light ✨'])
  await sandbox.simulator(`/phones/${ALICE}/read`, { message_ids: [accepted.message_id] })
  const message = await eventually('status read', async () => {
    const found = JSON.parse((await sandbox.api({ path: `/v1/accounts/main/messages/${accepted.id}` })).text)
    return found.status === 'read' ? found : undefined
  })
  const seen = message.timeline.map((step: { status: string }) => step.status)
  assert.deepEqual(seen, ['queued', 'sending', 'sent', 'delivered', 'read'])
})

test('what the README says to type does what it says', async () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  const typed = blocks.filter(block => block.includes('curl'))
  assert.equal(typed.join('').match(/curl /g)?.length, readme.match(/curl /g)?.length, 'all of it is tried')
  const sarah = '+15550100077'
  const script = typed.join('\n').replaceAll('+15550100001', sarah)
  const failing = 'set -eu\ncurl() { command curl --fail-with-body "$@"; echo; }\n'
  const { stdout } = await promisify(execFile)('bash', ['-c', failing + script], {
    cwd: sandbox.folder,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    maxBuffer: 16 * 1024 * 1024,
  })
  assert.match(stdout, /"status":"queued"/)
  assert.match(stdout, /"openapi":"3\.1\.0"/)
  await eventually('what the phone decrypted', async () => {
    const inbox = (await sandbox.simulator(`/phones/${sarah}/inbox`)) as Inbox
    return inbox.data.find(({ text }) => text?.body === 'Hello from Postern')
  })
  await eventually('the webhook', async () =>
    (await sandbox.deliveries()).find(entry => entry.body.includes('Hello back')),
  )
})

test('the command line sends over the running appliance and waits for the receipt', async () => {
  const args = ['send', 'main', ALICE, 'from the command line', '--json', '--data', sandbox.dataDir]
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'app', 'cli.ts'), ...args])
  const message = JSON.parse(stdout)
  assert.deepEqual([message.status, message.principal], ['delivered', 'system'])
  const inbox = (await sandbox.simulator(`/phones/${ALICE}/inbox`)) as Inbox
  assert.ok(inbox.data.some(({ id, text }) => id === message.message_id && text?.body === args[3]))
})

test('a reply arrives at the receiver with a signature that the public package verifies', async () => {
  const { accounts, receiver } = sandbox.endpoints()
  await sandbox.simulator(`/phones/${ALICE}/send`, {
    to: accounts.main?.phone,
    type: 'text',
    text: { body: 'back to you' },
  })
  const { headers, body } = await eventually('the webhook', async () =>
    (await sandbox.deliveries()).find(entry => entry.body.includes('back to you')),
  )
  const webhook = new Webhook(readFileSync(receiver.secret_file, 'utf8').trim())
  const event = webhook.verify(body, headers) as {
    type: string
    account: string
    data: Record<string, unknown>
  }
  assert.equal(event.type, 'message.received')
  assert.equal(event.account, 'main')
  assert.equal(event.data.from, ALICE)
  assert.deepEqual(event.data.text, { body: 'back to you' })
  assert.throws(() => webhook.verify(body.replace('back', 'fake'), headers))
})

test('messages to one chat leave in the order they were accepted', async () => {
  const words = Array.from({ length: 12 }, (_, i) => `number ${i}`)
  for (const word of words) assert.equal((await sandbox.api(textTo(ALICE, word))).status, 202)
  const bodies = await eventually('all of them', async () => {
    const inbox = (await sandbox.simulator(`/phones/${ALICE}/inbox`)) as Inbox
    const found = inbox.data.map(entry => entry.text?.body ?? '').filter(body => words.includes(body))
    return found.length === words.length ? found : undefined
  })
  assert.deepEqual(bodies, words)
})

test('the same idempotency key gives the same answer and one message, another body is refused', async () => {
  const call = { ...textTo(ALICE, 'only once'), headers: { 'idempotency-key': 'order-1' } }
  const first = JSON.parse((await sandbox.api(call)).text)
  const second = JSON.parse((await sandbox.api(call)).text)
  assert.equal(second.id, first.id)
  const other = await sandbox.api({ ...textTo(ALICE, 'something else'), headers: call.headers })
  assert.equal(other.status, 422)
})

test('an API key opens the keys site and a wrong one does not', async () => {
  const { clients } = sandbox.endpoints()
  const key = readFileSync(clients.demo?.api_key_file ?? '', 'utf8').trim()
  const as = (token: string) =>
    sandbox.api({ site: 'keys', path: '/v1/whoami', headers: { authorization: `Bearer ${token}` } })
  assert.equal((await as(key)).status, 200)
  assert.equal((await as(`${key.slice(0, -4)}aaaa`)).status, 401)
})

describe('clients of the Cloud API', () => cloudClientTests(() => sandbox))
describe('programs of others', () => clientTests(() => sandbox))
describe('callers of Whinself', () => whinselfTests(() => sandbox))

test('the simulator counted no violation of the protocol', async () => {
  const stats = (await sandbox.simulator('/stats')) as { violations: number }
  assert.equal(stats.violations, 0)
})
