import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from '../../whatsapp/rig.ts'
import type { Answer } from '../running-http.ts'
import { type Check, checkerOf, type Document, type Documented, operationsOf } from './documented.ts'
import { type Furnished, RULES, startFurnished } from './furnished.ts'
import { type Made, made } from './fuzz.ts'
import { examplesOf } from './requests.ts'

const SEED = 7
/** Each costs 3 ms of processor time. A machine that has no time for all of them leaves out the last, long before this file's limit. */
const [COUNT, WITHIN_MS] = process.env.TEST_LONG === undefined ? [10_000, 90_000] : [50_000, 450_000]
const FEWEST = 1_000
const AT_ONCE = 8

const FORBIDDEN = { id: 'without', effect: 'deny', principals: ['billing'], when: {} } as const
/** Examples that need another action than their operation names first. */
const OTHERWISE: Readonly<Record<string, string>> = { 'graphSendMessage, read': 'chats.write' }

/** One simulated WhatsApp and one appliance for all of it. */
describe('the OpenAPI document', () => {
  let world: Furnished
  let operations: readonly Documented[]
  let faultOf: Check
  before(async () => {
    world = await startFurnished()
    const served = await world.http.ask({ path: '/v1/openapi.json', as: 'billing' })
    const document = served.json as unknown as Document
    operations = operationsOf(document)
    faultOf = checkerOf(document)
  })
  after(() => world?.stop())

  test('no example of it gets anywhere without the action that it names', async () => {
    const { http, real } = world
    const through: string[] = []
    for (const operation of operations.filter(({ action }) => action !== undefined))
      for (const [name, call] of examplesOf(operation, real)) {
        const example = `${operation.id}, ${name}`
        const action = OTHERWISE[example] ?? operation.action ?? ''
        http.setPolicy({ rules: [...RULES, { ...FORBIDDEN, actions: [action] }] })
        const { status } = await http.ask(call)
        if (status !== 403) through.push(`${example}: ${status} without ${action}`)
      }
    http.setPolicy({ rules: RULES })
    assert.deepEqual(through, [])
  })

  test('each example of it answers as it says', async t => {
    for (const operation of operations)
      for (const [name, call] of examplesOf(operation, world.real))
        await t.test(`${operation.id}, ${name}`, async () => {
          const answer = await world.http.ask(call)
          const told = answer.bytes.toString().slice(0, 500)
          assert.equal(answer.status, operation.statuses[0], told)
          assert.equal(faultOf(operation, answer), undefined, told)
        })
  })

  test(`up to ${COUNT} requests made up from it are all answered as it says, and leave nothing behind`, async () => {
    const { http, real } = world
    const accepted = await sentCount(world)
    const held = resources()
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
    const requests = made(operations, real, { seed: SEED, count: COUNT })
    const faults: string[] = []
    const statuses = new Map<number, number>()
    const deadline = Date.now() + WITHIN_MS
    let [asked, sent] = [0, 0]
    async function ask({ operation, call }: Made): Promise<void> {
      asked++
      const answer = await http.ask({ ...call, agent })
      const { status } = answer
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (isTaken(operation.id, answer)) sent++
      const fault = status >= 500 ? `${status}` : faultOf(operation, answer)
      if (fault === undefined) return
      const told = answer.bytes.toString().slice(0, 300)
      faults.push(`${operation.id}: ${fault}: ${JSON.stringify(call).slice(0, 600)}: ${told}`)
    }
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const request of requests) if (asked < FEWEST || Date.now() < deadline) await ask(request)
      }),
    )
    agent.destroy()
    assert.equal(faults.length, 0, faults.slice(0, 10).join('\n'))
    for (const status of [200, 201, 202, 401, 403, 404, 409, 422])
      assert.ok((statuses.get(status) ?? 0) > 0, `no ${status} among ${JSON.stringify([...statuses])}`)
    assert.equal(await sentCount(world), accepted + sent, 'one entry for each that was taken')
    const files = readdirSync(join(http.dataDir, 'media'))
    assert.deepEqual(
      files.sort(),
      [...(await http.store.media.fileNames())].sort(),
      'no file that nobody knows',
    )
    await until('everything that was held for requests to be free', () => resources() <= held)
  })
})

/** Whether a message was taken, whatever API it came by. */
function isTaken(id: string, { status, json }: Answer): boolean {
  if (id === 'sendMessage' || id === 'publishPost') return status === 202
  if (id === 'graphSendMessage') return status === 200 && json.messages !== undefined
  return status === 200 && ['whinselfWspout', 'whinselfChannelpublish', 'whinselfCreatepoll'].includes(id)
}

/** Sockets and the like that hold this process, and every file that is open: Node counts files only while it reads them. */
function resources(): number {
  const active = process.getActiveResourcesInfo().filter(kind => kind !== 'Timeout' && kind !== 'Immediate')
  return active.length + readdirSync('/proc/self/fd').length
}

/** Of both accounts: a message for one that is not linked waits as well. */
async function sentCount({ http }: Furnished): Promise<number> {
  let count = 0
  for (const account of ['main', 'spare']) {
    let before: string | null = ''
    while (before !== null) {
      const { items, next } = await http.store.messages.list({
        ...{ account, direction: 'out', limit: 200 },
        ...(before === '' ? {} : { before }),
      })
      count += items.length
      before = next
    }
  }
  return count
}
