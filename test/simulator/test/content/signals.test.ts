import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WACallEvent } from '@whiskeysockets/baileys'
import { eventOf } from '../plain-client.ts'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { Chat } from './chat.ts'

test('an account sees a person type, record and pause', async t => {
  const chat = await Chat.start(t)
  for (const [state, want] of [
    ['composing', 'composing'],
    ['recording', 'recording'],
    ['paused', 'available'],
  ]) {
    const seen = eventOf(
      chat.sock,
      'presence.update',
      ({ id, presences }) => id === jid(CONTACT) && presences,
    )
    await chat.rig.ask('POST', `/phones/${CONTACT}/typing`, { to: MAIN, state })
    assert.equal((await seen)[jid(CONTACT)]?.lastKnownPresence, want)
  }
  await assert.rejects(
    chat.rig.ask('POST', `/phones/${CONTACT}/typing`, { to: MAIN, state: 'dancing' }),
    /400 `state` must be one of composing, recording, paused/,
  )
})

test('a call rings at the account, and the phone learns that it was refused', async t => {
  const chat = await Chat.start(t)
  const next = (status: string): Promise<WACallEvent> =>
    eventOf(chat.sock, 'call', calls => calls.find(call => call.status === status))
  const ringing = next('offer')
  const { call_id } = await chat.rig.ask<{ call_id: string }>('POST', `/phones/${CONTACT}/call`, {
    to: MAIN,
    video: true,
  })
  const { id, from, isVideo } = await ringing
  assert.deepEqual([id, from, isVideo], [call_id, jid(CONTACT), true])
  await chat.sock.rejectCall(id, from)
  await chat.rig.eventually(
    async () =>
      (await chat.rig.inbox(CONTACT)).map(({ type, ...rest }) => ({
        type,
        call: 'call' in rest && rest.call,
      })),
    [{ type: 'call', call: { call_id, event: 'reject' } }],
  )
  const over = next('timeout')
  await chat.rig.ask('POST', `/phones/${CONTACT}/call`, { to: MAIN, call_id, event: 'timeout' })
  assert.equal((await over).id, call_id)
  assert.deepEqual(await chat.rig.violations(), [])
})
