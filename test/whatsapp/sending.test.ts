import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CONTACT, newMessageId, OURS, type Rig, startRig, text, until } from './rig.ts'

describe('sending', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig({ timings: { ackMs: 1_000 } })
    await rig.link()
  })
  after(() => rig.stop())

  test('is acked by the server, and the contact decrypts exactly the text', async () => {
    const body = 'Grüße, 你好 🙂 https://example.com/never-fetched'
    assert.equal((await rig.send(CONTACT, { type: 'text', text: { body } })).kind, 'acked')
    const entry = await until('the message', async () => (await rig.phones.inbox(CONTACT)).at(-1))
    assert.equal(entry.text?.body, body)
    assert.equal(entry.from, OURS)
  })

  test('learns with the number whose LID it is, and sends nothing to who opted out under that', async () => {
    const hidden = '+12025550177'
    const { lid } = await rig.phones.post('/phones', { number: hidden, name: 'Hidden' })
    const contact = `${lid}@lid`
    const optOut = { contact, to: 'opted-out', at: new Date(), effects: {} } as const
    await rig.store.contacts.grant({ ...optOut, consent: { purpose: 'nothing' }, lift: optOut })
    assert.equal((await rig.send(hidden, text('to a stranger'))).kind, 'ask-again')
    assert.equal(await rig.store.contacts.nameOf(contact), hidden)
    assert.deepEqual(await rig.phones.inbox(hidden), [])
    assert.equal((await rig.send(hidden, text('the policy lets this pass'))).kind, 'acked')
    await until('the message', async () => (await rig.phones.inbox(hidden)).at(0))
  })

  test('uses the message id it was given', async () => {
    const messageId = newMessageId()
    await rig.send(CONTACT, text('with an id'), messageId)
    await until('the id', async () => (await rig.phones.inbox(CONTACT)).find(entry => entry.id === messageId))
  })

  test('is refused for good with the code of the server', async () => {
    await rig.phones.post('/faults', { kind: 'rate-overlimit', code: 463 })
    const outcome = await rig.send(CONTACT, text('refused'))
    assert.equal(outcome.kind === 'refused' && outcome.code, 'account.restricted')
    assert.equal((await rig.send(CONTACT, text('the next one is not'))).kind, 'acked')
    await rig.phones.post('/faults', { kind: 'rate-overlimit', code: 463 })
    await rig.send(CONTACT, text('refused again'))
    await rig.phones.post('/faults', { kind: 'rate-overlimit', code: 413 })
    await rig.send(CONTACT, text('refused for another reason'))
    const alerts = await until('the alert', async () => {
      const events = await rig.events()
      const found = events.filter(({ type }) => type === 'security.alert')
      return found.length > 0 ? found : undefined
    })
    assert.deepEqual(
      alerts.map(({ data }) => data.reason),
      ['account_restricted'],
    )
  })

  test('is to be tried again when the server asks for patience', async () => {
    await rig.phones.post('/faults', { kind: 'rate-overlimit' })
    assert.equal((await rig.send(CONTACT, text('too fast'))).kind, 'retry')
  })

  test('is to be tried again without an ack, and the repeat with the same id arrives once', async () => {
    await rig.phones.post(`/phones/${CONTACT}/off`) // no receipt may stand in for the ack
    await rig.phones.post('/faults', { kind: 'no-ack' })
    const messageId = newMessageId()
    const first = await rig.send(CONTACT, text('once'), messageId)
    assert.equal(first.kind, 'retry')
    assert.equal((await rig.send(CONTACT, text('once'), messageId)).kind, 'acked')
    await rig.phones.post(`/phones/${CONTACT}/on`)
    await rig.send(CONTACT, text('after it'))
    await until('what came after', async () => {
      const last = (await rig.phones.inbox(CONTACT)).at(-1)
      return last?.text?.body === 'after it' || undefined
    })
    const copies = (await rig.phones.inbox(CONTACT)).filter(entry => entry.id === messageId)
    assert.equal(copies.length, 1)
  })

  test('to a number that is not on WhatsApp is refused before anything leaves', async () => {
    const sent = Number((await rig.phones.get('/stats')).messages_out)
    const outcome = await rig.send('+12025550199', text('nobody'))
    assert.equal(outcome.kind === 'refused' && outcome.code, 'recipient.not_on_whatsapp')
    assert.equal(Number((await rig.phones.get('/stats')).messages_out), sent)
  })

  test('to a group is refused when there is none, or when we are not in it, and goes when we are', async () => {
    const group = async (participants: readonly string[]) =>
      String((await rig.phones.post('/groups', { subject: 'Harbour', participants })).id)
    await rig.phones.post('/phones', { number: '+12025550103', name: 'Carol' })
    const code = async (to: string) => {
      const outcome = await rig.send(to, text('to the group'))
      return outcome.kind === 'refused' ? outcome.code : outcome.kind
    }
    assert.equal(await code('120363999999999999@g.us'), 'group.not_found')
    assert.equal(await code(await group([CONTACT, '+12025550103'])), 'group.not_member')
    assert.equal(await code(await group([CONTACT, OURS])), 'acked')
  })

  test('is to be tried again when the connection goes in the middle', async () => {
    await rig.phones.post('/faults', { kind: 'slow', delay_ms: 700 })
    const sending = rig.send(CONTACT, text('cut off'))
    setTimeout(() => void rig.phones.post('/faults', { kind: 'drop-connection' }), 300)
    assert.equal((await sending).kind, 'retry')
    await rig.opened()
  })

  test('lets nothing leave before the ratchet that encrypted it is durable', async () => {
    const { signalKeys } = rig.store
    const { set } = signalKeys
    const { promise: disk, resolve: goOn } = Promise.withResolvers<void>()
    Object.assign(signalKeys, { set: (...of: Parameters<typeof set>) => disk.then(() => set(...of)) })
    const body = 'encrypted, and not yet durable'
    const sending = rig.send(CONTACT, text(body))
    const has = async () => (await rig.phones.inbox(CONTACT)).some(entry => entry.text?.body === body)
    await sleep(500)
    assert.equal(await has(), false)
    Object.assign(signalKeys, { set })
    goOn()
    assert.equal((await sending).kind, 'acked')
    await until('the message', async () => (await has()) || undefined)
  })

  test('quotes the message it answers', async () => {
    const id = await rig.contactSays('a question')
    await until('the question', () => rig.store.messages.get('main', id))
    const answer = { ...text('an answer'), context: { message_id: id } }
    assert.equal((await rig.send(CONTACT, answer)).kind, 'acked')
  })

  test('broke none of the rules of the wire', async () => {
    const stats = await rig.phones.get('/stats')
    assert.equal(stats.violations, 0, JSON.stringify(stats.last_violations))
    assert.deepEqual(stats.unanswered, [])
  })
})
