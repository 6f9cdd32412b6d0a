import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../app/store/store.ts'
import { CONTACT, OPERATOR, OURS, type Rig, startRig, text, until } from './rig.ts'

const LONGER_THAN_A_WAIT_MS = 1_000

describe('linking by QR', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.phones.post('/phones', { number: OURS })
    await rig.phones.post('/phones', { number: CONTACT })
  })
  after(() => rig.stop())

  test('an account nobody has linked shows a QR, and is open once a phone has scanned it', async () => {
    assert.equal(rig.account().state, 'unlinked')
    const outcome = await rig.sessions.link('main', { method: 'qr' }, OPERATOR)
    assert.equal(outcome.kind, 'started')
    const link = rig.sessions.currentLink('main')
    assert.equal(link?.state, 'waiting')
    assert.ok(link.expiresAt.getTime() - Date.now() > 50_000, 'the first QR lives a minute')
    assert.equal(rig.account().state, 'pairing')

    await rig.phones.post(`/phones/${OURS}/scan`, { qr: link.qr })
    const account = await rig.opened()
    assert.equal(account.phone, OURS)
    assert.deepEqual(account.health, { connected: true, receiving: true, sending: true })
    assert.equal(rig.sessions.currentLink('main')?.state, 'done')
    assert.deepEqual(rig.sessions.openAccounts(), ['main'])
  })

  test('a linked account is not linked again', async () => {
    assert.equal((await rig.sessions.link('main', { method: 'qr' }, OPERATOR)).kind, 'already-linked')
  })

  test('the link is told to the world and to the audit chain', async () => {
    const events = await until('both events', async () => {
      const all = await rig.events()
      return all.length > 1 ? all : undefined
    })
    assert.deepEqual(events.map(event => event.type).slice(0, 2), ['account.linked', 'account.connected'])
    const audit = await rig.store.audit.list({ action: 'accounts.link', limit: 10 })
    assert.deepEqual(
      audit.items.map(entry => [entry.principal, entry.detail?.state]),
      [
        ['ops', 'started'],
        ['ops', 'done'],
      ],
    )
  })

  test('a restart needs no new QR and keeps the encrypted sessions', async () => {
    await rig.send(CONTACT, text('before'))
    const asked = await rig.contactSays('asked before')
    await until('the question', () => rig.store.messages.get('main', asked))
    await rig.restart()
    const account = await rig.opened()
    assert.equal(account.phone, OURS)
    const again = await rig.contactSays('asked in the same encrypted session')
    const read = await until('the next question', () => rig.store.messages.get('main', again))
    assert.equal(read.content.type, 'text')
    const { retries } = await rig.phones.get('/stats')
    assert.equal(retries ?? 0, 0, 'nothing had to be sent again because keys were lost')
    assert.equal((await rig.send(CONTACT, text('after'))).kind, 'acked')
    const bodies = await until('both messages', async () => {
      const inbox = await rig.phones.inbox(CONTACT)
      return inbox.length === 2 ? inbox.map(entry => entry.text?.body) : undefined
    })
    assert.deepEqual(bodies, ['before', 'after'])
  })

  test('a paused account stays closed over a restart until it is resumed', async () => {
    const paused = await rig.sessions.pause('main', OPERATOR)
    assert.equal(paused.kind === 'done' && paused.account.state, 'paused')
    await rig.restart()
    assert.equal(rig.account().state, 'paused')
    assert.equal((await rig.sessions.restart('main', OPERATOR)).kind, 'wrong-state')
    assert.equal((await rig.send(CONTACT, text('not now'))).kind, 'retry')
    await rig.sessions.resume('main', OPERATOR)
    await rig.opened()
  })

  test('logging out removes the device on both sides', async () => {
    const outcome = await rig.sessions.logout('main', OPERATOR)
    assert.equal(outcome.kind === 'done' && outcome.account.state, 'unlinked')
    assert.equal(outcome.kind === 'done' && outcome.account.phone, undefined)
    assert.deepEqual(await rig.store.accounts.list(), [])
    await until('the phone to know no device', async () => {
      const phone = await rig.phones.get(`/phones/${OURS}`)
      return (phone.devices as unknown[]).length === 0 || undefined
    })
    assert.equal((await rig.sessions.logout('main', OPERATOR)).kind, 'wrong-state')
  })

  test('an account that the policies do not name is unknown', async () => {
    assert.equal((await rig.sessions.link('other', { method: 'qr' }, OPERATOR)).kind, 'unknown-account')
    assert.equal((await rig.sessions.pause('other', OPERATOR)).kind, 'unknown-account')
    assert.equal(rig.sessions.get('other'), undefined)
  })
})

describe('a link that comes to nothing', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig({ timings: { qrMs: 60, linkMs: 5_000 } })
    await rig.phones.post('/phones', { number: OURS })
  })
  after(() => rig.stop())

  test('shows one QR after another and has expired after the last', async () => {
    const outcome = await rig.sessions.link('main', { method: 'qr' }, OPERATOR)
    const first = outcome.kind === 'started' ? outcome.link.qr : undefined
    const second = await until('another QR', () => {
      const { qr } = rig.sessions.currentLink('main') ?? {}
      return qr === first ? undefined : qr
    })
    assert.notEqual(second, first)
    await until('the end', () => rig.sessions.currentLink('main')?.state === 'expired' || undefined)
    assert.equal(rig.account().state, 'unlinked')
    assert.match(rig.account().reason ?? '', /nobody scanned/)
  })

  test('can be tried again, by code', async () => {
    const without = await rig.sessions.link('main', { method: 'code' }, OPERATOR)
    assert.equal(without.kind, 'unavailable')
    const outcome = await rig.sessions.link('main', { method: 'code', phone: OURS }, OPERATOR)
    const code = outcome.kind === 'started' ? outcome.link.code : undefined
    assert.match(code ?? '', /^[0-9A-Z]{8}$/)
  })
})

describe('a pairing that cannot be stored', () => {
  /** How many writes of devices are refused yet, and how many were. */
  let toRefuse = 0
  let refused = 0
  const refusing = (store: Store): Store => ({
    ...store,
    accounts: {
      ...store.accounts,
      async put(device, told) {
        if (toRefuse === 0) return await store.accounts.put(device, told)
        toRefuse -= 1
        refused += 1
        throw new Error('no space left')
      },
    },
  })
  let rig: Rig
  before(async () => {
    rig = await startRig({ store: refusing })
    await rig.phones.post('/phones', { number: OURS })
  })
  after(() => rig.stop())

  async function scan(): Promise<void> {
    const outcome = await rig.sessions.link('main', { method: 'qr' }, OPERATOR)
    const qr = outcome.kind === 'started' ? outcome.link.qr : undefined
    await rig.phones.post(`/phones/${OURS}/scan`, { qr })
  }

  /** A phone has signed, and there is no room for it until somebody makes some. */
  async function scanInVain(): Promise<void> {
    toRefuse = Number.POSITIVE_INFINITY
    refused = 0
    await scan()
    await until('a refusal', () => refused > 0 || undefined)
  }

  test('at once is stored later: the account is open, and comes back by itself', async () => {
    toRefuse = 2
    await scan()
    await rig.opened()
    assert.equal(refused, 2)
    assert.equal(rig.sessions.currentLink('main')?.state, 'done')
    await rig.phones.post('/faults', { account: OURS, kind: 'drop-connection' })
    await until('the account to notice', () => rig.account().state !== 'open' || undefined)
    await rig.opened()
    const types = (await rig.events()).map(event => event.type)
    assert.deepEqual(types.slice(0, 2), ['account.linked', 'account.connected'])
    assert.equal(types.filter(type => type === 'account.linked').length, 1)
    const audit = await rig.store.audit.list({ action: 'accounts.link', limit: 10 })
    assert.deepEqual(
      audit.items.map(entry => entry.detail?.state),
      ['started', 'done'],
    )
    assert.equal((await rig.store.accounts.list())[0]?.phone, OURS)
  })

  test('is over when somebody logs out: the next device is stored when a phone has signed for it', async () => {
    await rig.sessions.logout('main', OPERATOR)
    await scanInVain()
    await rig.sessions.logout('main', OPERATOR)
    const before = refused
    const outcome = await rig.sessions.link('main', { method: 'qr' }, OPERATOR)
    await sleep(LONGER_THAN_A_WAIT_MS)
    assert.equal(refused, before)
    assert.equal(rig.account().state, 'pairing')
    toRefuse = 0
    const qr = outcome.kind === 'started' ? outcome.link.qr : undefined
    await rig.phones.post(`/phones/${OURS}/scan`, { qr })
    await rig.opened()
  })

  test('is over when the appliance stops', async () => {
    await rig.sessions.logout('main', OPERATOR)
    await scanInVain()
    await rig.away(async () => {
      const before = refused
      await sleep(LONGER_THAN_A_WAIT_MS)
      assert.equal(refused, before)
    })
    assert.equal(rig.account().state, 'unlinked')
    toRefuse = 0
  })
})

test('a phone that types the pairing code links the account', async t => {
  const rig = await startRig()
  t.after(() => rig.stop())
  await rig.phones.post('/phones', { number: OURS })
  const outcome = await rig.sessions.link('main', { method: 'code', phone: OURS }, OPERATOR)
  const code = outcome.kind === 'started' ? outcome.link.code : undefined
  await until('the phone to take the code', () =>
    rig.phones.post(`/phones/${OURS}/enter-code`, { code }).catch(() => undefined),
  )
  assert.equal((await rig.opened()).phone, OURS)
  assert.equal(rig.sessions.currentLink('main')?.state, 'done')
})

for (const history of ['none', 'recent', 'full'] as const) {
  test(`an account with talk behind it hears what comes as soon as it is linked, with history: ${history}`, async t => {
    const rig = await startRig({ policy: { history } })
    t.after(() => rig.stop())
    await rig.phones.post('/phones', { number: OURS })
    await rig.phones.post('/phones', { number: CONTACT })
    for (let n = 0; n < 40; n++) await rig.contactSays(`before ${n}`)
    await rig.link()
    const asked = await rig.contactSays('after')
    await until('the message', () => rig.store.messages.get('main', asked))
    const { violations, last_violations } = await rig.phones.get('/stats')
    assert.deepEqual({ violations, last_violations }, { violations: 0, last_violations: [] })
  })
}
