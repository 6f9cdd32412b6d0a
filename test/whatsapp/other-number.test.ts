import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CONTACT, newMessageId, OPERATOR, OURS, type Rig, startRig, text, until } from './rig.ts'

const OTHER = '+12025550109'

describe('what was asked for before the account was logged out', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig()
    await rig.link()
    await rig.phones.post('/phones', { number: OTHER, name: 'Another phone' })
  })
  after(() => rig.stop())

  /** The person takes the device off, and a phone scans the QR that the account shows then. */
  async function relink(from: string, to: string): Promise<void> {
    await rig.phones.post(`/accounts/${from}/unlink`)
    await until('the loss', () => rig.account().state === 'logged_out')
    const outcome = await rig.sessions.link('main', { method: 'qr' }, OPERATOR)
    const qr = outcome.kind === 'started' ? outcome.link.qr : undefined
    await rig.phones.post(`/phones/${to}/scan`, { qr })
    await rig.opened()
  }
  const send = (body: string, from?: string) =>
    rig.sessions.send({
      ...{ account: 'main', chat: CONTACT, messageId: newMessageId(), content: text(body) },
      createdAt: new Date(),
      ...(from === undefined ? {} : { from }),
    })

  test('leaves once the same number is linked again', async () => {
    await relink(OURS, OURS)
    assert.equal((await send('from the same number', OURS)).kind, 'acked')
  })

  test('is not sent from another number, and what is asked for from then on is', async () => {
    await relink(OURS, OTHER)
    const refused = await send('for the old number', OURS)
    assert.equal(refused.kind === 'refused' && refused.code, 'account.number_changed')
    assert.equal((await send('from the new number', OTHER)).kind, 'acked')
    assert.equal((await send('from whatever number')).kind, 'acked')
    await until('what is asked for', async () => (await rig.phones.inbox(CONTACT)).length === 3)
    assert.deepEqual(
      (await rig.phones.inbox(CONTACT)).map(({ from }) => from),
      [OURS, OTHER, OTHER],
    )
  })
})
