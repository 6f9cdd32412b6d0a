import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Log, silentLog } from '../../app/lib/log.ts'
import type { Store } from '../../app/store/store.ts'
import type { Orders } from './dying-session.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

const LONG = process.env.TEST_LONG !== undefined
const PROGRAM = join(import.meta.dirname, 'dying-session.ts')

/** Lets another process have the account, which dies at `point` when `meanwhile` brings it there. */
async function dieAt(
  rig: Rig,
  point: string,
  how: { meanwhile: () => Promise<unknown>; forgetful?: boolean },
) {
  await rig.away(async () => {
    const { dataDir, key, simulator } = rig.place
    const orders: Orders = {
      ...{ dataDir, point, url: simulator.url, forgetful: how.forgetful ?? false },
      key: Buffer.from(key.reveal()).toString('base64'),
      noiseRoot: Buffer.from(simulator.noiseRoot).toString('base64'),
    }
    const child = spawn(process.execPath, ['--no-warnings', PROGRAM, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), exited])
    await how.meanwhile()
    assert.deepEqual(await exited, [null, 'SIGKILL'])
  })
}

async function eventsAbout(rig: Rig, id: string): Promise<readonly string[]> {
  return (await rig.events()).filter(event => event.data.message_id === id).map(event => event.type)
}

async function status(rig: Rig, messageId: string): Promise<string | undefined> {
  return (await rig.store.messages.get('main', messageId))?.status
}

/** A message that came later has come, so what was to come before it has; and the server knows that it all came. */
async function somethingLater(rig: Rig): Promise<void> {
  const later = await rig.contactSays('later')
  await until('what came later', () => rig.store.messages.get('main', later))
  await rig.allConfirmed()
}

describe('a process that is killed', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
    await somethingLater(rig)
  })
  after(() => rig.stop())

  const points = ['inbound.decrypted', 'inbound.journaled', 'inbound.receipt_left', 'inbound.before_record']
  if (LONG) points.push('inbound.stanza', 'inbound.recorded')
  for (const point of points) {
    test(`at ${point} loses nothing: the event arises once`, async () => {
      let id = ''
      const meanwhile = async () => {
        id = await rig.contactSays(`until ${point}`)
      }
      await dieAt(rig, point, { meanwhile })
      const message = await until('the message', () => rig.store.messages.get('main', id))
      assert.deepEqual(message.content, { type: 'text', text: { body: `until ${point}` } })
      await somethingLater(rig)
      assert.deepEqual(await eventsAbout(rig, id), ['message.received'])
      assert.equal((await rig.phones.get('/stats')).nacks, 0)
    })
  }

  test('while receipts, group changes and calls come in loses none of them', async () => {
    const group = String(
      (await rig.phones.post('/groups', { subject: 'Tea', participants: [OURS], creator: CONTACT })).id,
    )
    const messageId = newMessageId()
    await rig.opened()
    await rig.send(CONTACT, text('for receipts'), messageId)
    await until('delivered', async () => (await status(rig, messageId)) === 'delivered' || undefined)
    for (const where of LONG ? ['journaled', 'receipt_left'] : ['journaled']) {
      const read = () => rig.phones.post(`/phones/${CONTACT}/read`, { message_ids: [messageId] })
      if (where === 'journaled') await dieAt(rig, `receipt.${where}`, { meanwhile: read })
      const subject = `Tea, ${where}`
      const change = () => rig.phones.patch(`/groups/${group}`, { subject })
      await dieAt(rig, `notification.${where}`, { meanwhile: change })
      const ring = () => rig.phones.post(`/phones/${CONTACT}/call`, { to: OURS })
      await dieAt(rig, `call.${where}`, { meanwhile: ring })
      await rig.opened()
      await somethingLater(rig)
      const events = await rig.events()
      assert.equal(events.filter(({ data }) => data.subject === subject).length, 1, where)
      assert.equal(
        events.filter(({ data }) => data.message_id === messageId && data.from !== CONTACT).length,
        2,
      )
    }
    assert.equal(await status(rig, messageId), 'read')
    const calls = (await rig.events()).filter(event => event.type === 'call.received')
    assert.equal(calls.length, LONG ? 2 : 1)
  })

  test('the same without a journal loses messages', async () => {
    let lostCount = 0
    // Another frame may leave ahead of the receipt, and then the message comes again: so more than one try.
    for (let tries = 0; tries < 5 && lostCount === 0; tries++) {
      let id = ''
      const meanwhile = async () => {
        id = await rig.contactSays('forgotten')
      }
      await dieAt(rig, 'inbound.receipt_left', { meanwhile, forgetful: true })
      await rig.opened()
      await somethingLater(rig)
      if ((await rig.store.messages.get('main', id)) === undefined) lostCount += 1
    }
    assert.notEqual(lostCount, 0)
  })
})

describe('a message delivered again', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
    await somethingLater(rig) // a session with the contact
  })
  after(() => rig.stop())

  test('at once is answered from the journal, not decrypted a second time', async () => {
    await rig.phones.post('/faults', { kind: 'duplicate' })
    const id = await rig.contactSays('twice')
    await somethingLater(rig)
    assert.deepEqual(await eventsAbout(rig, id), ['message.received'])
    assert.equal((await rig.phones.get('/stats')).nacks, 0)
  })

  test('because its receipt got lost is answered from the journal', async () => {
    // The frame that carries the receipt is cut, wherever in it: the server has heard nothing.
    await rig.phones.post('/faults', { kind: 'drop-connection', direction: 'up', bytes: 1 })
    const id = await rig.contactSays('no receipt')
    await somethingLater(rig)
    const delivered = await rig.store.messages.get('main', id)
    assert.equal(delivered?.status, 'received')
    assert.deepEqual(await eventsAbout(rig, id), ['message.received'])
    assert.equal((await rig.phones.get('/stats')).nacks, 0)
  })
})

describe('a store that fails', () => {
  /** What fails: `write` until it is taken back, the reads once. */
  let failing: string | undefined
  let writeFailures = 0
  /** How often a connection was ended for it. */
  let ends = 0
  const read = (what: string) => {
    if (failing !== what) return
    failing = undefined
    throw new Error('the disk failed')
  }
  const failingAtTimes = (store: Store): Store => ({
    ...store,
    journal: {
      ...store.journal,
      async add(arrival, keys) {
        if (failing !== 'write') return await store.journal.add(arrival, keys)
        writeFailures += 1
        throw new Error('no space left')
      },
      async plaintext(account, digest) {
        read('journal')
        return await store.journal.plaintext(account, digest)
      },
    },
    signalKeys: {
      ...store.signalKeys,
      async get(account, type, ids) {
        read(type)
        return await store.signalKeys.get(account, type, ids)
      },
    },
  })
  const log: Log = {
    ...silentLog,
    error(event) {
      if (event === 'journal.not_kept') ends += 1
    },
  }
  let rig: Rig
  before(async () => {
    rig = await startRig({ store: failingAtTimes, log })
    await rig.link()
  })
  after(() => rig.stop())

  test('lets no receipt leave: the connection ends, and the message comes again', async () => {
    failing = 'write'
    const id = await rig.contactSays('while the disk is full')
    await until('failures', () => writeFailures > 2 || undefined)
    assert.equal(await rig.store.messages.get('main', id), undefined)
    failing = undefined
    const message = await until('the message', () => rig.store.messages.get('main', id))
    assert.equal(message.status, 'received')
    assert.deepEqual(await eventsAbout(rig, id), ['message.received'])
  })

  for (const [when, what] of [
    ['before a message is opened', 'lid-mapping'],
    ['when it is asked for what a message said before', 'journal'],
    ['while a message is being opened', 'session'],
    ['at none of its reads', undefined],
  ] as const) {
    test(`${when} answers ${what === undefined ? 'the server' : 'nothing until it can be read'}`, async () => {
      await rig.restart() // what was read before is in memory
      await rig.opened()
      failing = what
      ends = 0
      const id = await rig.contactSays(when)
      const message = await until('the message', () => rig.store.messages.get('main', id))
      assert.deepEqual(message.content, { type: 'text', text: { body: when } })
      await somethingLater(rig)
      assert.deepEqual(await eventsAbout(rig, id), ['message.received'])
      assert.equal(ends, what === undefined ? 0 : 1)
      const left = async () => (await rig.store.journal.unfinished('main')).length
      await until('nothing more to be known of it', async () => (await left()) === 0 || undefined)
      const { nacks = 0, retries = 0 } = await rig.phones.get('/stats')
      assert.deepEqual({ nacks, retries }, { nacks: 0, retries: 0 })
    })
  }
})
