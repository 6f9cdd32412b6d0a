import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { trusting } from './content/chat.ts'
import { closed, eventOf, nextText, opened } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig, tempDir } from './rig.ts'

const SECOND = '12025550102'
const NEW_NUMBER = '12025550177'

/** The smallest JPEG: one dot. */
const DOT = Buffer.from(
  `/9j/2wBDAP//////////////////////////////////////////////////////////////////////////////////////2wBDAf////////////
   //////////////////////////////////////////////////////////////////////////wAARCAABAAEDASIAAhEBAxEB/8QAFQABAQAAAAAA
   AAAAAAAAAAAAAAH/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQL/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMB
   AAIRAxEAPwCAFL//2Q==`,
  'base64',
)

test('tells who is on WhatsApp, under which LID, and what they say about themselves', async t => {
  const rig = await Rig.start(t)
  const { lid } = await rig.ask<{ lid: string }>('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  assert.deepEqual(await sock.onWhatsApp(CONTACT, '12025550199'), [{ jid: jid(CONTACT), exists: true }])
  await rig.ask('PATCH', `/phones/${CONTACT}/profile`, { about: 'At the lake' })
  const [known] = (await sock.fetchStatus(jid(CONTACT))) ?? []
  assert.equal((known as { status?: { status?: string } } | undefined)?.status?.status, 'At the lake')
  await sock.updateProfileStatus('At work')
  const own = await rig.ask<{ about: string }>('GET', `/phones/${MAIN}/profile`)
  assert.equal(own.about, 'At work')
  await sock.sendMessage(jid(CONTACT), { text: 'so that the mapping is stored' })
  assert.equal(await sock.signalRepository.lidMapping.getLIDForPN(jid(CONTACT)), `${lid}@lid`)
  assert.equal(
    await sock.signalRepository.lidMapping.getPNForLID(`${lid}@lid`),
    `${CONTACT}:0@s.whatsapp.net`,
  )
  await sock.updateDefaultDisappearingMode(604_800)
  const [timer] = (await sock.fetchDisappearingDuration(jid(MAIN))) ?? []
  assert.equal(
    (timer as { disappearing_mode?: { duration?: number } } | undefined)?.disappearing_mode?.duration,
    604_800,
  )
  await sock.updateReadReceiptsPrivacy('none')
  assert.equal((await sock.fetchPrivacySettings(true)).readreceipts, 'none')
  assert.deepEqual((await rig.stats()).unanswered, [])
})

test('shows pictures of people and groups, tells of new ones, and hides them on wish', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const other = await rig.linked(SECOND)
  const { id } = await sock.groupCreate('Us', [jid(CONTACT), jid(SECOND)])
  await assert.rejects(sock.profilePictureUrl(jid(CONTACT)), /item-not-found/)
  const changed = (sock: typeof other.sock, of: string) =>
    eventOf(sock, 'contacts.update', ([contact]) => contact?.id === of && contact.imgUrl)
  const news = changed(sock, jid(CONTACT))
  await rig.ask('PATCH', `/phones/${CONTACT}/profile`, { picture: DOT.toString('base64') })
  assert.equal(await news, 'changed')
  const { options } = trusting(t, rig.simulator.mediaCa)
  const url = String(await sock.profilePictureUrl(jid(CONTACT), 'image'))
  assert.deepEqual(Buffer.from(await (await fetch(url, options as RequestInit)).arrayBuffer()), DOT)
  await rig.ask('PATCH', `/phones/${CONTACT}/profile`, { privacy: { profile: 'none' } })
  await assert.rejects(sock.profilePictureUrl(jid(CONTACT)), /not-authorized/)
  const ofGroup = changed(other.sock, id)
  await sock.updateProfilePicture(id, DOT)
  assert.equal(await ofGroup, 'changed')
  assert.match(String(await other.sock.profilePictureUrl(id)), /^https:\/\/127\.0\.0\.1:/)
  await sock.groupSettingUpdate(id, 'locked')
  await assert.rejects(other.sock.updateProfilePicture(id, DOT), /forbidden/)
  const gone = changed(other.sock, id)
  await sock.removeProfilePicture(id)
  assert.equal(await gone, 'removed')
  await sock.updateProfilePicture(jid(MAIN), DOT)
  assert.notEqual(await other.sock.profilePictureUrl(jid(MAIN)), undefined)
  await assert.rejects(sock.updateProfilePicture(jid(SECOND), DOT), /forbidden/)
})

test('nothing of who is blocked comes through, and they are let in again', async t => {
  const rig = await Rig.start(t)
  const { lid } = await rig.ask<{ lid: string }>('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  await sock.sendMessage(jid(CONTACT), { text: 'hello' })
  const blocked = eventOf(sock, 'blocklist.update', ({ blocklist, type }) => [type, ...blocklist])
  await sock.updateBlockStatus(jid(CONTACT), 'block')
  assert.deepEqual(await blocked, ['add', `${lid}@lid`])
  assert.deepEqual(await sock.fetchBlocklist(), [`${lid}@lid`])
  const shut = await rig.send(CONTACT, MAIN, 'do you hear me?')
  await sock.updateBlockStatus(jid(CONTACT), 'unblock')
  assert.deepEqual(await sock.fetchBlocklist(), [])
  const arrival = nextText(sock)
  const open = await rig.send(CONTACT, MAIN, 'and now?')
  assert.equal((await arrival).id, open)
  const statuses = async () => (await rig.sent(CONTACT)).map(({ id, status }) => [id, status])
  await rig.eventually(statuses, [
    [shut, 'sent'],
    [open, 'delivered'],
  ])
  await rig.ask('POST', `/phones/${CONTACT}/block`, { number: MAIN })
  await sock.sendMessage(jid(CONTACT), { text: 'shut out' })
  await rig.ask('POST', `/phones/${CONTACT}/block`, { number: MAIN, on: false })
  await sock.sendMessage(jid(CONTACT), { text: 'back again' })
  const texts = async () => (await rig.inbox(CONTACT)).map(({ text }) => text?.body)
  await rig.eventually(texts, ['hello', 'back again'])
  assert.deepEqual(await rig.violations(), [])
})

test('who subscribes sees people come and go, and everybody sees typing', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const other = await rig.linked(SECOND)
  const presence = (of: string, ...states: string[]) =>
    eventOf(sock, 'presence.update', ({ id, presences }) => {
      const state = Object.values(presences)[0]?.lastKnownPresence ?? ''
      return id === of && states.includes(state) && state
    })
  await sock.presenceSubscribe(jid(CONTACT))
  await sleep(50)
  const comes = presence(jid(CONTACT), 'available', 'unavailable')
  await rig.ask('POST', `/phones/${CONTACT}/presence`, { available: true })
  assert.equal(await comes, 'available')
  const goes = presence(jid(CONTACT), 'available', 'unavailable')
  await rig.ask('POST', `/phones/${CONTACT}/presence`, { available: false })
  assert.equal(await goes, 'unavailable')
  const types = presence(jid(SECOND), 'composing', 'recording')
  await other.sock.sendPresenceUpdate('composing', jid(MAIN))
  assert.equal(await types, 'composing')
  const { id } = await sock.groupCreate('Us', [jid(CONTACT), jid(SECOND)])
  const records = presence(id, 'recording')
  await other.sock.sendPresenceUpdate('recording', id)
  assert.equal(await records, 'recording')
  const signs = async () => {
    const { data } = await rig.ask<{ data: Record<string, string>[] }>('GET', `/phones/${CONTACT}/signs`)
    return data.map(({ from, chat, state }) => [from, chat, state])
  }
  await rig.eventually(signs, [[`+${SECOND}`, id, 'recording']])
  assert.deepEqual(await rig.violations(), [])
})

test('a person who changes their number keeps LID, chats and groups, and is known by the new one', async t => {
  const rig = await Rig.start(t, { stateDir: tempDir(t) })
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { account, sock } = await rig.linked(MAIN)
  const { id } = await sock.groupCreate('Us', [jid(CONTACT)])
  await sock.sendMessage(jid(CONTACT), { text: 'to the old number' })
  await rig.inboxOf(CONTACT, 1)
  const told = new Promise<Record<string, string> | undefined>(resolve => {
    sock.ws.on(
      'CB:notification,type:contacts',
      ({ content }: { content: { attrs: Record<string, string> }[] }) => resolve(content[0]?.attrs),
    )
  })
  const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${CONTACT}`)
  await rig.ask('POST', `/phones/${CONTACT}/change-number`, { to: NEW_NUMBER })
  const news = await told
  assert.deepEqual([news?.old, news?.new, news?.new_lid], [jid(CONTACT), jid(NEW_NUMBER), `${lid}@lid`])
  assert.deepEqual(await sock.onWhatsApp(CONTACT, NEW_NUMBER), [{ jid: jid(NEW_NUMBER), exists: true }])
  const arrival = nextText(sock)
  await rig.send(NEW_NUMBER, id, 'still in the group')
  assert.equal((await arrival).text, 'still in the group')
  await sock.sendMessage(jid(NEW_NUMBER), { text: 'to the new number' })
  await rig.eventually(
    async () => (await rig.inbox(NEW_NUMBER)).map(({ text }) => text?.body),
    ['to the old number', 'to the new number'],
  )
  const again = await rig.ask<{ lid: string }>('POST', '/phones', { number: CONTACT })
  assert.notEqual(again.lid, lid)
  await assert.rejects(
    rig.ask('POST', `/phones/${CONTACT}/change-number`, { to: NEW_NUMBER }),
    /409 .*belongs to somebody/,
  )
  const end = closed(sock)
  await rig.ask('POST', `/phones/${MAIN}/change-number`, { to: '12025550178' })
  assert.equal(await end, 401)
  assert.equal(await opened(rig.connect(account)).catch(() => 'refused'), 'refused')
  assert.deepEqual(await rig.violations(), [])
})
