import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { eventually, type Sandbox, startSandbox } from './sandbox.ts'
import { beginUpload } from './uploading.ts'

const BOB = '+15550100002'
const MIB = 1024 * 1024
const SECRET_WORDS = 'the heron stands at dawn'
let sandbox: Sandbox

before(async () => {
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: BOB, name: 'Bob' })
})
after(() => sandbox.dispose())

type Inbox = { data: { id: string; text?: { body: string } }[] }

const send = (body: string) =>
  sandbox.api({ path: '/v1/accounts/main/messages', body: { to: BOB, type: 'text', text: { body } } })

const inboxHas = (body: string) =>
  eventually(
    `"${body}" in the inbox`,
    async () => {
      const inbox = (await sandbox.simulator(`/phones/${BOB}/inbox`)) as Inbox
      const found = inbox.data.filter(entry => entry.text?.body === body)
      return found.length > 0 ? found : undefined
    },
    30_000,
  )

test('the data folder holds no text, number or key in clear', async () => {
  assert.equal((await send(SECRET_WORDS)).status, 202)
  await inboxHas(SECRET_WORDS)
  await sandbox.simulator(`/phones/${BOB}/send`, {
    to: sandbox.endpoints().accounts.main?.phone,
    type: 'text',
    text: { body: 'an answer in confidence' },
  })
  await eventually('the webhook', async () =>
    (await sandbox.deliveries()).find(({ body }) => body.includes('an answer in confidence')),
  )
  const found = search(sandbox.dataDir, [SECRET_WORDS, 'an answer in confidence', BOB.slice(1)])
  // The app's compiled code names the members of a key as its source does.
  const keys = search(sandbox.dataDir, ['noiseKey', 'advSecret']).filter(
    at => !at.startsWith('run/compiled/'),
  )
  assert.deepEqual([...found, ...keys], [])
  // The twin: the same search finds what is there in clear.
  assert.notDeepEqual(search(sandbox.dataDir, ['"ready": true']), [])
})

test('a queued message survives kill -9 of the app and is sent once it is back', async () => {
  await sandbox.simulator('/faults', { kind: 'no-ack', count: 1 })
  const accepted = JSON.parse((await send('written before the crash')).text)
  await killApp()
  const copies = await inboxHas('written before the crash')
  assert.deepEqual(new Set(copies.map(({ id }) => id)), new Set([accepted.message_id]))
  await eventually(
    'status sent',
    async () => {
      const answer = await sandbox.api({ path: `/v1/accounts/main/messages/${accepted.id}` })
      return ['sent', 'delivered', 'read'].includes(JSON.parse(answer.text).status) ? true : undefined
    },
    30_000,
  )
})

test('an upload that kill -9 of the app cuts off has no id, and nothing of it is left', async () => {
  const media = join(sandbox.dataDir, 'media')
  const sizes = () => readdirSync(media).map(name => statSync(join(media, name)).size)
  assert.deepEqual(sizes(), [])
  const cutOff = beginUpload(sandbox, 4 * MIB)
  await cutOff.write(Buffer.alloc(2 * MIB, 'x'))
  await eventually('half a file', async () => (sizes().some(size => size > 0) ? true : undefined))
  await killApp()
  await cutOff.write(Buffer.alloc(2 * MIB, 'x')) // Caddy waits for more of the body before it answers
  assert.notEqual(await cutOff.status, 201)
  assert.deepEqual(sizes(), [])
  const whole = beginUpload(sandbox, 4 * MIB)
  await whole.write(Buffer.alloc(4 * MIB, 'x'))
  assert.equal(await whole.status, 201)
  assert.equal(sizes().length, 1)
})

test('after stop and start the account is connected again without a new QR', async () => {
  assert.equal(await sandbox.stop(), 0, sandbox.log())
  await sandbox.start()
  const account = JSON.parse((await sandbox.api({ path: '/v1/accounts/main' })).text)
  assert.equal(account.state, 'open')
  const stats = (await sandbox.simulator('/stats')) as { violations: number }
  assert.equal(stats.violations, 0)
  assert.equal((await send('after the restart')).status, 202)
  await inboxHas('after the restart')
})

/** Kills the app and waits until another is there. */
async function killApp(): Promise<void> {
  const { pids } = sandbox.endpoints()
  process.kill(pids.app ?? 0, 'SIGKILL')
  await eventually(
    'another app',
    async () => (sandbox.endpoints().pids.app === pids.app ? undefined : true),
    30_000,
  )
}

function search(folder: string, needles: readonly string[]): string[] {
  const found: string[] = []
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    for (const needle of needles) {
      const forms = [
        needle,
        Buffer.from(needle).toString('base64').slice(0, -4),
        Buffer.from(needle, 'utf16le').toString('latin1'),
      ]
      if (forms.some(form => bytes.includes(form))) found.push(`${name}: ${needle}`)
    }
  }
  return found
}
