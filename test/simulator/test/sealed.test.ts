import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

test('a phone that does not read takes and confirms a message without opening it, and one that reads shows it', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT, reads: false })
  const { sock } = await rig.linked(MAIN)
  const receipts: string[] = []
  sock.ws.on('CB:receipt', ({ attrs }: { attrs: Record<string, string> }) => receipts.push(String(attrs.id)))
  const first = await sock.sendMessage(jid(CONTACT), { text: 'for nobody' })
  await rig.eventually(() => receipts, [String(first?.key.id)])
  const [entry] = (await rig.inbox(CONTACT)) as readonly Sealed[]
  assert.equal(entry?.type, 'sealed')
  const [{ type, size, sha256 } = assert.fail()] = entry.sealed.ciphertexts
  assert.equal(type, 'pkmsg')
  assert.ok(size > 100)
  assert.match(sha256, /^[0-9a-f]{64}$/)
  assert.equal(entry.text, undefined)

  await rig.ask('POST', '/phones', { number: CONTACT, reads: true })
  await sock.sendMessage(jid(CONTACT), { text: 'for the person' })
  assert.equal((await rig.inboxOf(CONTACT, 2)).at(-1)?.text?.body, 'for the person')
})

test('what a phone cannot read because of what it left sealed is asked for again, and no violation', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const group = await rig.ask<{ id: string }>('POST', '/groups', {
    ...{ subject: 'Sealed', participants: [CONTACT, MAIN] },
  })
  await rig.ask('POST', '/phones', { number: CONTACT, reads: false })
  await sock.sendMessage(group.id, { text: 'with the sender key' })
  await rig.inboxOf(CONTACT, 1)
  await rig.ask('POST', '/phones', { number: CONTACT, reads: true })
  await sock.sendMessage(group.id, { text: 'without it' })
  const entries = await rig.inboxOf(CONTACT, 2)
  assert.deepEqual(
    entries.map(({ type, text }) => [type, text?.body]),
    [
      ['sealed', undefined],
      ['text', 'without it'],
    ],
  )
  assert.ok((await rig.stats()).retries > 0)
})

test('the own phone files the copy of what its account sends, sealed, under the chat it went to', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await rig.ask('POST', '/phones', { number: MAIN, reads: false })
  const message = await sock.sendMessage(jid(CONTACT), { text: 'read by one of two' })
  assert.equal((await rig.inboxOf(CONTACT, 1))[0]?.text?.body, 'read by one of two')
  const [{ id, from, chat, type } = assert.fail()] = await rig.inboxOf(MAIN, 1)
  assert.deepEqual(
    { id, from, chat, type },
    {
      ...{ id: message?.key.id, from: `+${MAIN}`, chat: `+${CONTACT}`, type: 'sealed' },
    },
  )
})

type Sealed = Awaited<ReturnType<Rig['inbox']>>[number] & {
  readonly sealed: { readonly ciphertexts: readonly { type: string; size: number; sha256: string }[] }
}
