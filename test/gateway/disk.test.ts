import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { limitFileSize } from '../rig/disk/small-disk.ts'
import { eventually, type Sandbox, startSandbox } from './sandbox.ts'

const BOB = '+15550100002'
/** The database's files are larger: each write to them is an I/O error. */
const LIMIT_BYTES = 4_096
const HEALS_WITHIN_MS = 90_000

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: BOB, name: 'Bob' })
})
after(() => sandbox.dispose())

const send = (body: string) =>
  sandbox.api({ path: '/v1/accounts/main/messages', body: { to: BOB, type: 'text', text: { body } } })

const write = (body: string) =>
  sandbox.simulator(`/phones/${BOB}/send`, {
    to: sandbox.endpoints().accounts.main?.phone,
    type: 'text',
    text: { body },
  })

async function told(): Promise<string[]> {
  const events = (await sandbox.deliveries()).map(({ body }) => JSON.parse(body))
  return events.filter(({ type }) => type === 'message.received').map(({ data }) => String(data.text?.body))
}

test('while nothing can be written nothing is promised or acknowledged; then everything arrives by itself', async () => {
  assert.equal((await send('before')).status, 202)
  await write('written before')
  await eventually('the first', async () => (await told()).includes('written before') || undefined, 30_000)

  const { app = 0 } = sandbox.endpoints().pids
  limitFileSize(app, LIMIT_BYTES)
  const meanwhile = ['one', 'two', 'three'].map(word => `written meanwhile: ${word}`)
  for (const text of meanwhile) await write(text)
  for (let n = 0; n < 5; n++) {
    const refused = await send('meanwhile')
    assert.equal(refused.status, 503, refused.text)
    assert.equal(refused.headers['retry-after'], '30')
  }
  assert.deepEqual(
    (await told()).filter(text => meanwhile.includes(text)),
    [],
  )

  limitFileSize(app, 'unlimited')
  await eventually(
    'what was written meanwhile',
    async () => {
      const arrived = await told()
      return meanwhile.every(text => arrived.includes(text)) || undefined
    },
    HEALS_WITHIN_MS,
  )
  const accepted = await send('afterwards')
  assert.equal(accepted.status, 202, accepted.text)
  await eventually(
    'the message sent afterwards',
    async () => {
      const inbox = (await sandbox.simulator(`/phones/${BOB}/inbox`)) as {
        data: { text?: { body: string } }[]
      }
      return inbox.data.some(({ text }) => text?.body === 'afterwards') || undefined
    },
    HEALS_WITHIN_MS,
  )
  assert.equal(sandbox.endpoints().pids.app, app, 'the same process')
  const inbox = (await sandbox.simulator(`/phones/${BOB}/inbox`)) as { data: { text?: { body: string } }[] }
  assert.deepEqual(
    inbox.data.filter(({ text }) => text?.body === 'meanwhile'),
    [],
    'what was refused is not sent',
  )
})
