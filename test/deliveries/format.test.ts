import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBody } from '../../app/deliveries/format.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { JsonObject } from '../../app/model/event.ts'
import type { Endpoint } from '../../app/policy/snapshot.ts'
import { CONTACT_KEY, EVENT, endpointOf } from './samples.ts'

type Body = {
  type: string
  id: string
  timestamp: string
  account: string | null
  sequence: number
  data: Record<string, unknown>
}

function format(
  payload: Endpoint['payload'],
  data: JsonObject = EVENT.data,
  name = 'ops',
  key = CONTACT_KEY,
): Body {
  return JSON.parse(
    formatBody({ ...EVENT, data }, endpointOf({ name, payload }), { contactKey: key }),
  ) as Body
}

test('writes exactly type, id, timestamp, account, sequence and data', () => {
  assert.deepEqual(format({ body: 'full', contact: 'clear' }), {
    type: 'message.received',
    id: 'evt_01',
    timestamp: '2026-11-23T10:00:00.000Z',
    account: 'main',
    sequence: 7,
    data: EVENT.data,
  })
})

test('says null for the account of an event that belongs to none', () => {
  const { account: _, ...event } = EVENT
  const body = JSON.parse(
    formatBody({ ...event, type: 'policy.applied' }, endpointOf(), { contactKey: CONTACT_KEY }),
  ) as Body
  assert.deepEqual(Object.keys(body), ['type', 'id', 'timestamp', 'account', 'sequence', 'data'])
  assert.equal(body.account, null)
})

test('holds back what was written when the payload says so, and keeps the rest', () => {
  const { text: _, ...rest } = EVENT.data
  assert.deepEqual(format({ body: 'none', contact: 'clear' }).data, rest)
  const unknown = format(
    { body: 'none', contact: 'clear' },
    { ...rest, type: 'hologram', hologram: { secret: 1 } },
  )
  assert.deepEqual(unknown.data, { ...rest, type: 'hologram' })
})

test('replaces numbers by names that are stable for one endpoint and differ between two', () => {
  const hashed = format({ body: 'full', contact: 'hash' }).data
  assert.equal(JSON.stringify(hashed).includes('15550100'), false)
  assert.match(String(hashed.chat), /^hash:[\w-]{22}$/)
  assert.equal(hashed.chat, hashed.from)
  assert.deepEqual(hashed.text, { body: 'call me at noon' })
  assert.equal(format({ body: 'full', contact: 'hash' }).data.chat, hashed.chat)
  assert.notEqual(format({ body: 'full', contact: 'hash' }, EVENT.data, 'other').data.chat, hashed.chat)
  const otherKey = format(
    { body: 'full', contact: 'hash' },
    EVENT.data,
    'ops',
    new Secret(Buffer.alloc(32, 1)),
  )
  assert.notEqual(otherKey.data.chat, hashed.chat)
})

test('replaces numbers inside lists and nested members as well', () => {
  const data = { participants: ['+15550100', '+15550101'], change: { author: '+15550102', action: 'add' } }
  const hashed = format({ body: 'full', contact: 'hash' }, data).data
  assert.equal(/1555010/.test(JSON.stringify(hashed)), false)
  assert.equal((hashed.change as JsonObject).action, 'add')
})

test('drops the content of a body over 256 KiB and says so', () => {
  const big = (length: number) =>
    format({ body: 'full', contact: 'clear' }, { ...EVENT.data, text: { body: 'ü'.repeat(length) } }).data
  assert.equal(big(130_000).truncated, undefined)
  assert.ok(big(130_000).text)
  assert.equal(big(132_000).truncated, true)
  assert.equal(big(132_000).text, undefined)
})

test('drops whatever is long when a body without its content is still over 256 KiB', () => {
  const participants = Array.from({ length: 20_000 }, (_, i) => `+1555${String(i).padStart(10, '0')}`)
  const data = { ...EVENT.data, type: 'group', participants }
  const body = formatBody({ ...EVENT, data }, endpointOf({ payload: { body: 'none', contact: 'clear' } }), {
    contactKey: CONTACT_KEY,
  })
  assert.ok(Buffer.byteLength(body) <= 256 * 1024)
  const told = (JSON.parse(body) as Body).data
  assert.deepEqual([told.truncated, told.participants, told.chat], [true, undefined, EVENT.data.chat])
})
