import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Meter, silentMeter } from '../../app/model/meter.ts'
import { OPERATOR, OURS, type Rig, startRig, until } from './rig.ts'

const CHECKED_MS = 2_000
const LIMIT_MS = 90_000
const PATIENCE_MS = 30_000

/** What `Accounts.<name>.selfCheckEvery` is in the sandbox, with the timings of production. */
const REAL = { policy: { selfCheckEveryMs: 30_000 } }
const QUICK = {
  policy: { selfCheckEveryMs: 500 },
  timings: { lookMs: 50, quietMs: 500, answerMs: 2_500, checkMs: 3_000 },
}

type Counts = { deaf: number; codes: string[] }

function counting(): { counts: Counts; meter: Meter } {
  const counts: Counts = { deaf: 0, codes: [] }
  const meter: Meter = {
    ...silentMeter,
    deaf: () => (counts.deaf += 1),
    reconnected: (_account, code) => counts.codes.push(code),
  }
  return { counts, meter }
}

/** The types of the account's own events and alerts since the n-th event, in order. */
async function told(rig: Rig, from: number): Promise<readonly string[]> {
  const news = (await rig.events()).slice(from)
  return news
    .filter(({ type }) => type.startsWith('account.') || type === 'security.alert')
    .map(({ type, data }) => (type === 'security.alert' ? String(data.reason) : type))
}

async function handshakes(rig: Rig): Promise<number> {
  return Number((await rig.phones.get('/stats')).handshakes)
}

describe('a session that says it is connected', () => {
  const { counts, meter } = counting()
  let rig: Rig
  before(async () => {
    rig = await startRig({ ...QUICK, meter })
    await rig.link()
  })
  after(() => rig.stop())

  test('is proven to receive by checks that nobody sees', async () => {
    const before = await rig.phones.get('/stats')
    await sleep(CHECKED_MS)
    const stats = await rig.phones.get('/stats')
    const lines = (await rig.phones.get('/stanzas')).data as string[]
    const answers = lines.filter(line => / out message.*category=peer/.test(line))
    assert.ok(
      answers.length >= 2 + 2,
      `${answers.length}: the greeting's two, and the phone's answers to checks`,
    )
    assert.equal(rig.account().health.receiving, true)
    assert.equal(stats.messages_out, before.messages_out)
    assert.equal(stats.messages_in, before.messages_in)
    assert.deepEqual(await rig.phones.inbox(OURS), [])
    assert.deepEqual((await rig.store.messages.list({ account: 'main', limit: 10 })).items, [])
    assert.deepEqual(await told(rig, 0), ['account.linked', 'account.connected'])
    assert.deepEqual([stats.violations, stats.last_violations], [0, []])
    assert.deepEqual(counts.codes, ['515'])
  })

  for (const { kind, reason, alert, code } of [
    { kind: 'deaf', reason: /deaf/, alert: ['deaf_session'], code: 'deaf' },
    { kind: 'silent', reason: /silent/, alert: [], code: '408' },
  ]) {
    test(`is noticed and healed when it is ${kind}, and nothing is lost`, async () => {
      const from = (await rig.events()).length
      await rig.phones.post('/faults', { kind, account: OURS })
      const id = await rig.contactSays(`said to a ${kind} session`)
      await until('receiving to be doubted', () => !rig.account().health.receiving || undefined, PATIENCE_MS)
      const message = await until('the message', () => rig.store.messages.get('main', id), PATIENCE_MS)
      assert.equal(message.status, 'received')
      await until('receiving again', () => rig.account().health.receiving || undefined, PATIENCE_MS)
      const news = await until('the news', async () => {
        const so = await told(rig, from)
        return so.includes('account.connected') ? so : undefined
      })
      assert.deepEqual(news, [...alert, 'account.disconnected', 'account.connected'])
      const left = (await rig.events()).slice(from).find(({ type }) => type === 'account.disconnected')
      assert.match(String(left?.data.reason), reason)
      assert.equal(counts.codes.at(-1), code)
      assert.equal(counts.deaf, 1)
    })
  }

  test('is not renewed again and again for a phone that is off, and is believed again when it is on', async () => {
    const from = (await rig.events()).length
    const made = await handshakes(rig)
    await rig.phones.post(`/phones/${OURS}/off`)
    await until(
      'the doubt',
      async () => (await told(rig, from)).includes('account.connected') || undefined,
      PATIENCE_MS,
    )
    await sleep(5_000)
    assert.equal(rig.account().health.receiving, false)
    assert.equal(rig.account().health.connected, true)
    assert.ok((await handshakes(rig)) - made <= 2, 'one cure, and at most one repeat')
    assert.deepEqual(await told(rig, from), ['deaf_session', 'account.disconnected', 'account.connected'])
    await rig.phones.post(`/phones/${OURS}/on`)
    await until('the belief', () => rig.account().health.receiving || undefined, PATIENCE_MS)
  })
})

test('a log-in that is never answered is given up and made anew', async t => {
  const rig = await startRig({ timings: { lookMs: 50, connectMs: 1_500 } })
  t.after(() => rig.stop())
  await rig.link()
  await rig.sessions.pause('main', OPERATOR)
  await rig.phones.post('/faults', { kind: 'silent', account: OURS })
  await rig.sessions.resume('main', OPERATOR)
  const id = await rig.contactSays('said to a log-in')
  await until('the message', () => rig.store.messages.get('main', id), PATIENCE_MS)
  assert.equal(rig.account().health.receiving, true)
})

describe('with the timings of production', {
  skip: process.env.TEST_LONG === undefined && 'minutes long: --long',
}, () => {
  for (const kind of ['deaf', 'silent']) {
    test(`a ${kind} session is noticed and healed within 90 s`, async t => {
      const rig = await startRig(REAL)
      t.after(() => rig.stop())
      await rig.link()
      await sleep(31_000) // into the rhythm of checks
      await rig.phones.post('/faults', { kind, account: OURS })
      const struckAt = Date.now()
      const id = await rig.contactSays('unheard')
      await until('the message', () => rig.store.messages.get('main', id), LIMIT_MS)
      const healedMs = Date.now() - struckAt
      t.diagnostic(`healed after ${(healedMs / 1_000).toFixed(1)} s`)
      assert.ok(healedMs < LIMIT_MS)
    })
  }
})
