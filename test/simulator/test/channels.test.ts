import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import { proto } from '@whiskeysockets/baileys'
import { child, children } from '../wire/stanza.ts'
import { eventOf, nextText, opened } from './plain-client.ts'
import { CONTACT, MAIN, Rig, tempDir } from './rig.ts'

const OTHER = '12025550103'

/** The texts of a channel's posts, by number. */
async function posts(sock: WASocket, id: string, after?: number): Promise<readonly [number, string][]> {
  const answer = (await sock.newsletterFetchMessages(id, 10, 0, after ?? 0)) as BinaryNode
  return children(child(child(answer, 'message_updates'), 'messages'), 'message').map(post => {
    const said = proto.Message.decode(child(post, 'plaintext')?.content as Uint8Array)
    return [Number(post.attrs.server_id), said.conversation || String(said.extendedTextMessage?.text)]
  })
}

test('a channel is made, followed, published in, read, reacted to and left', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  const { sock } = await rig.linked(MAIN)
  const reader = await rig.linked(OTHER)
  const { id, name, invite } = await sock.newsletterCreate('Weather', 'Every morning')
  assert.equal(name, 'Weather')
  const found = await reader.sock.newsletterMetadata('invite', String(invite))
  const thread = (found as unknown as { thread_metadata: { description: { text: string } } }).thread_metadata
  assert.deepEqual([found?.id, thread.description.text], [id, 'Every morning'])
  await reader.sock.newsletterFollow(id)
  assert.equal(((await sock.newsletterSubscribers(id)) as { subscribers: number }).subscribers, 2)
  const arrival = nextText(reader.sock)
  const sent = await sock.sendMessage(id, { text: 'Rain' })
  assert.deepEqual(await arrival, { id: sent?.key.id, text: 'Rain', type: 'notify' })
  const second = nextText(reader.sock)
  await rig.ask('POST', `/channels/${id}/posts`, { type: 'text', text: { body: 'Sun' } })
  assert.equal((await second).text, 'Sun')
  assert.deepEqual(await posts(reader.sock, id), [
    [100, 'Rain'],
    [101, 'Sun'],
  ])
  assert.deepEqual(await posts(reader.sock, id, 100), [[101, 'Sun']])
  const reaction = eventOf(sock, 'newsletter.reaction', each => each)
  await reader.sock.newsletterReactMessage(id, '101', '☀️')
  const { server_id, reaction: heard } = await reaction
  assert.deepEqual([server_id, heard.code], ['101', '☀️'])
  const { data } = await rig.ask<{ data: { reactions: unknown }[] }>('GET', `/channels/${id}/posts`)
  assert.deepEqual(data[1]?.reactions, { [`+${OTHER}`]: '☀️' })
  assert.deepEqual(await reader.sock.subscribeNewsletterUpdates(id), { duration: '300' })
  await reader.sock.newsletterMute(id)
  await reader.sock.newsletterUnfollow(id)
  assert.equal(await sock.newsletterAdminCount(id), 1)
  await sock.newsletterUpdateName(id, 'Climate')
  await sock.end(undefined)
  await rig.restart()
  const back = await opened(rig.connect(reader.account))
  const after = (await back.newsletterMetadata('jid', id)) as unknown as {
    thread_metadata: { name: { text: string } }
  }
  assert.equal(after.thread_metadata.name.text, 'Climate')
  const stats = await rig.stats()
  assert.deepEqual([stats.violations, stats.unanswered], [0, []])
})

test('who does not run a channel may follow it and no more', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN, { emitOwnEvents: false })
  const { id } = await rig.ask<{ id: string }>('POST', '/channels', { creator: CONTACT, name: 'Not yours' })
  await sock.newsletterFollow(id)
  await assert.rejects(sock.newsletterUpdateName(id, 'Mine'), /Forbidden/)
  await assert.rejects(sock.newsletterDelete(id), /Forbidden/)
  await assert.rejects(sock.newsletterFollow('120363999999999999@newsletter'), /Not Found/)
  const errors: (string | undefined)[] = []
  sock.ws.on('CB:ack,class:message', ({ attrs }: { attrs: { error?: string } }) => errors.push(attrs.error))
  await sock.sendMessage(id, { text: 'May I?' })
  await rig.eventually(() => errors, ['403'])
  assert.deepEqual(await posts(sock, id), [])
  await assert.rejects(
    rig.ask('POST', `/channels/${id}/posts`, { by: MAIN, type: 'text', text: { body: 'May I?' } }),
    /403 .*does not run/,
  )
  assert.deepEqual(await rig.violations(), [])
})
