import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { messageCommand } from '../../app/cli/message.ts'
import { sendCommand } from '../../app/cli/send.ts'
import { newId } from '../../app/lib/ids.ts'
import type { Message, MessageStatus } from '../../app/model/message.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { eventually } from '../outbox/world.ts'
import { runCommand } from './running.ts'

const ALICE = '+12025550111'
let http: RunningHttp
before(async () => {
  http = await startHttp()
  http.setPolicy({ limits: new Map() })
})
after(() => http.stop())

const send = (...args: string[]) => runCommand(sendCommand, http.dataDir, ['main', ALICE, ...args])
const message = (...args: string[]) => runCommand(messageCommand, http.dataDir, args)

const found = (body: string): Promise<Message> =>
  eventually(async () => {
    const { items } = await http.store.messages.list({ account: 'main', chat: ALICE, limit: 50 })
    return items.find(({ content }) => content.type === 'text' && content.text.body === body)
  }, body)

/** Plays the outbox and WhatsApp, of which there are none here. */
async function becomes(body: string, steps: readonly (readonly [MessageStatus, string?])[]): Promise<void> {
  const { messageId } = await found(body)
  for (const [to, code] of steps) {
    const change = { account: 'main', messageId, to, at: new Date(), ...(code === undefined ? {} : { code }) }
    assert.equal(await http.store.messages.advance(change, {}), true)
  }
}

test('send follows the message to its receipt and prints the timeline', async () => {
  const [printed] = await Promise.all([
    send('good news'),
    becomes('good news', [['sending'], ['sent'], ['delivered']]),
  ])
  assert.equal(printed.code, 0)
  const statuses = printed.out.split('\n').map(line => line.split('  ')[1])
  assert.deepEqual(statuses, ['queued', 'sending', 'sent', 'delivered'])
  assert.match(printed.out, /delivered {2}\+\d+(\.\d\d)? s$/)
})

test('send with --json prints the message and nothing else', async () => {
  const [printed] = await Promise.all([
    send('as data', '--json'),
    becomes('as data', [['sending'], ['sent'], ['read']]),
  ])
  const shown = JSON.parse(printed.out)
  assert.deepEqual([shown.status, shown.to, shown.principal], ['read', ALICE, 'system'])
})

test('send waits until it is read where that is asked for, as long as it may', async () => {
  const [printed] = await Promise.all([
    send('do look', '--until', 'read'),
    becomes('do look', [['sending'], ['sent'], ['delivered'], ['read']]),
  ])
  assert.deepEqual([printed.code, printed.err], [0, ''])
  assert.match(printed.out, / read {2}\+/)
  const [unread] = await Promise.all([
    send('not now', '--until', 'read', '--wait', '1'),
    becomes('not now', [['sending'], ['sent'], ['delivered']]),
  ])
  assert.equal(unread.code, 0)
  assert.match(unread.err, /nobody has read it within 1 s/)
})

test('send fails with the message, and says why', async () => {
  const failing = becomes('bad news', [['sending'], ['failed', 'account.restricted']])
  const [printed] = await Promise.all([send('bad news'), failing])
  assert.equal(printed.code, 1)
  assert.match(printed.out, /failed {5}account\.restricted/)
  assert.match(printed.err, /the message is failed/)
})

test('send ends in time: well when WhatsApp has it, with the way on when it does not', async () => {
  const waiting = await send('nobody sends it', '--wait', '0')
  assert.equal(waiting.code, 1)
  assert.match(waiting.err, /not sent within 0 s; it goes on: \.\/postern message show obx_/)
  const [taken] = await Promise.all([
    send('no receipt', '--wait', '1'),
    becomes('no receipt', [['sending'], ['sent']]),
  ])
  assert.equal(taken.code, 0)
  assert.match(taken.err, /no phone has reported it within 1 s/)
})

test('message list shows what waits, held first, of every account', async () => {
  const { items } = await http.store.messages.list({ account: 'main', limit: 1 })
  const like = items[0] as Message
  const held: Message = { ...like, id: 'obx_held', account: 'spare', messageId: 'HELD', status: 'held' }
  await http.store.messages.enqueue(held, undefined, {})
  const { out } = await message('list')
  const [headings, first, ...rest] = out.split('\n')
  assert.match(headings ?? '', /^ID +ACCOUNT +CHAT +TYPE +STATUS +DUE$/)
  assert.match(first ?? '', /^obx_held +spare .* held /)
  assert.ok(rest.some(line => line.includes(' queued ')))
  assert.ok(!out.includes(' failed '))
  const failed = JSON.parse((await message('list', '--status', 'failed', '--json')).out)
  assert.deepEqual(
    failed.data.map((one: { error: { code: string } }) => one.error.code),
    ['account.restricted'],
  )
  assert.equal((await message('list', '--status', 'played')).out, 'nothing')
})

test('message show finds a message in whichever account it is, by either id', async () => {
  const { id, messageId } = await found('bad news')
  const shown = await message('show', id)
  assert.match(shown.out, /^status {4}failed$/m)
  assert.match(shown.out, /account\.restricted/)
  assert.ok(!shown.out.includes('bad news'), 'texts stay where they are')
  assert.equal(JSON.parse((await message('show', messageId, '--json')).out).id, id)
  assert.match((await message('show', 'obx_held')).out, /^account {3}spare$/m)
  await assert.rejects(message('show', 'obx_nothing'), { message: 'there is no message obx_nothing' })
  await assert.rejects(message('show', id, '--account', 'spare'), { code: 'control.refused' })
})

test('message cancel takes back what waits, and nothing else', async () => {
  const { id } = await found('nobody sends it')
  assert.equal((await message('cancel', id)).out, `${id} is cancelled`)
  await assert.rejects(message('cancel', id), { message: /is cancelled already/ })
})

async function heldMessage(): Promise<Message> {
  const { items } = await http.store.messages.list({ account: 'main', limit: 1 })
  const id = newId('obx')
  const message: Message = {
    ...(items[0] as Message),
    ...{
      id,
      messageId: id,
      account: 'main',
      status: 'held',
      principal: 'billing',
      ip: '127.0.0.1',
      expiresAt: new Date(Date.now() + 60_000),
    },
    timeline: [{ status: 'held', at: new Date(), code: 'a-human-looks' }],
  }
  await http.store.messages.enqueue(message, undefined, {})
  return message
}

test('message approve lets a held message go on, once', async () => {
  const { id } = await heldMessage()
  const { out, code } = await message('approve', id, '--reason', 'looks good')
  assert.deepEqual([out, code], [`${id} is queued`, 0])
  assert.match((await message('show', id)).out, /^approved {2}system$/m)
  await assert.rejects(message('approve', id), { message: /is queued already/ })
})

test('message reject ends it with the reason, and asks for one', async () => {
  const { id } = await heldMessage()
  const { out, code } = await message('reject', id, '--reason', 'wrong customer')
  assert.deepEqual([out, code], [`${id} is failed (hold.rejected): wrong customer`, 0])
})

test('message approve fails when the policy denies the message by now', async () => {
  const { id } = await heldMessage()
  const { rules } = http.policySwitch.current().snapshot
  http.setPolicy({ rules: [] })
  const { out, code } = await message('approve', id)
  http.setPolicy({ rules })
  assert.equal(code, 1)
  assert.match(out, /is failed \(denied\): default: No rule allows/)
})
