import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextText } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

test('an unmodified Baileys links by QR, opens at once and exchanges text both ways', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
  const { account, sock } = await rig.linked(MAIN)
  const sent = await sock.sendMessage(jid(CONTACT), { text: 'hello Bob' })
  const [entry] = await rig.inboxOf(CONTACT, 1)
  assert.deepEqual([entry?.id, entry?.from, entry?.text], [sent?.key.id, `+${MAIN}`, { body: 'hello Bob' }])
  const text = nextText(sock)
  const id = await rig.send(CONTACT, MAIN, 'hello Alice')
  const got = await text
  assert.deepEqual([got.id, got.text], [id, 'hello Alice'])
  assert.equal(account.creds.accountSyncCounter, 1)
  assert.equal((await rig.stats()).violations, 0)
})
