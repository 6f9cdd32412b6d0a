import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BaileysEventMap, WASocket } from '@whiskeysockets/baileys'
import { child } from '../wire/stanza.ts'
import { eventOf, nextText } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

const SECOND = '12025550102'
const THIRD = '12025550103'

/** Two accounts and a phone, in a group that the first account has made. */
async function newGroup(t: TestContext) {
  const rig = await Rig.start(t)
  for (const number of [CONTACT, SECOND]) await rig.ask('POST', '/phones', { number })
  const { sock } = await rig.linked(MAIN)
  const member = await rig.linked(THIRD)
  const heard = eventOf(member.sock, 'groups.upsert', ([group]) => group)
  const { id } = await sock.groupCreate('The first name', [jid(CONTACT), jid(THIRD)])
  assert.equal((await heard).id, id)
  const lids = new Map<string, string>()
  for (const number of [MAIN, CONTACT, SECOND, THIRD]) {
    const { lid } = await rig.ask<{ lid: string }>('GET', `/phones/${number}`)
    lids.set(number, `${lid}@lid`)
  }
  return { rig, id, sock, member: member.sock, lid: (number: string) => String(lids.get(number)) }
}

type Update = BaileysEventMap['groups.update'][number]

/** What a member hears of a change, without who did it. */
function update(sock: WASocket): Promise<Partial<Update>> {
  return eventOf(sock, 'groups.update', ([first]) => {
    const { id: _, author: _a, authorPn: _p, authorUsername: _u, ...said } = first ?? {}
    return Object.keys(said).length > 0 && said
  })
}

function participantsUpdate(sock: WASocket): Promise<readonly [string, ...string[]]> {
  return eventOf(sock, 'group-participants.update', ({ action, participants }) => {
    return [action, ...participants.map(({ id }) => id)] as const
  })
}

test('a group is made, described, changed and closed, and every member hears of it', async t => {
  const { rig, id, sock, member, lid } = await newGroup(t)
  const made = await member.groupMetadata(id)
  assert.deepEqual(
    {
      ...{ subject: made.subject, owner: made.owner, ownerPn: made.ownerPn, size: made.size },
      participants: made.participants.map(({ id, phoneNumber, admin }) => [id, phoneNumber, admin]),
    },
    {
      ...{ subject: 'The first name', owner: lid(MAIN), ownerPn: jid(MAIN), size: 3 },
      participants: [
        [lid(MAIN), jid(MAIN), 'superadmin'],
        [lid(CONTACT), jid(CONTACT), null],
        [lid(THIRD), jid(THIRD), null],
      ],
    },
  )
  const changes: readonly [string, () => Promise<unknown>, Partial<Update>][] = [
    ['subject', () => sock.groupUpdateSubject(id, 'The second name'), { subject: 'The second name' }],
    ['description', () => sock.groupUpdateDescription(id, 'What it is for'), { desc: 'What it is for' }],
    ['announcement', () => sock.groupSettingUpdate(id, 'announcement'), { announce: true }],
    ['locked', () => sock.groupSettingUpdate(id, 'locked'), { restrict: true }],
    ['approval', () => sock.groupJoinApprovalMode(id, 'on'), { joinApprovalMode: true }],
    ['who adds', () => sock.groupMemberAddMode(id, 'admin_add'), { memberAddMode: false }],
  ]
  for (const [name, act, want] of changes) {
    const heard = update(member)
    await act()
    assert.deepEqual(await heard, want, name)
  }
  await sock.groupToggleEphemeral(id, 86_400)
  const now = await member.groupMetadata(id)
  assert.deepEqual(
    [
      now.subject,
      now.desc,
      now.descOwner,
      now.announce,
      now.restrict,
      now.joinApprovalMode,
      now.memberAddMode,
    ],
    ['The second name', 'What it is for', lid(MAIN), true, true, true, false],
  )
  assert.equal(now.ephemeralDuration, 86_400)
  await sock.groupSettingUpdate(id, 'not_announcement')
  await sock.groupSettingUpdate(id, 'unlocked')
  await sock.groupToggleEphemeral(id, 0)
  await sock.groupUpdateDescription(id)
  const open = (await member.groupFetchAllParticipating())[id]
  assert.deepEqual(
    [open?.announce, open?.restrict, open?.ephemeralDuration, open?.desc],
    [false, false, undefined, undefined],
  )
  assert.deepEqual((await rig.stats()).unanswered, [])
})

test('members come, go, rise and fall, and each who is in it decrypts', async t => {
  const { rig, id, sock, member, lid } = await newGroup(t)
  const statuses = async (numbers: string[], action: 'add' | 'remove' | 'promote' | 'demote') =>
    (await sock.groupParticipantsUpdate(id, numbers.map(jid), action)).map(({ status }) => status)
  const tell = async (text: string, ...numbers: string[]) => {
    const arrival = nextText(member)
    const sent = await sock.sendMessage(id, { text })
    assert.equal((await arrival).text, text)
    const holds = async (number: string) => (await rig.inbox(number)).some(entry => entry.id === sent?.key.id)
    for (const number of numbers) await rig.eventually(() => holds(number), true)
  }
  await tell('to the first three', CONTACT)
  const added = participantsUpdate(member)
  assert.deepEqual(await statuses([SECOND, CONTACT, '12025550199'], 'add'), ['200', '409', '404'])
  assert.deepEqual(await added, ['add', lid(SECOND)])
  await tell('to all four', CONTACT, SECOND)
  const removed = participantsUpdate(member)
  assert.deepEqual(await statuses([CONTACT, '12025550199'], 'remove'), ['200', '404'])
  assert.deepEqual(await removed, ['remove', lid(CONTACT)])
  await tell('to the three who are left', SECOND)
  assert.equal((await rig.inbox(CONTACT)).length, 2)
  const promoted = participantsUpdate(member)
  assert.deepEqual(await statuses([THIRD], 'promote'), ['200'])
  assert.deepEqual(await promoted, ['promote', lid(THIRD)])
  assert.equal(
    (await member.groupMetadata(id)).participants.find(({ id }) => id === lid(THIRD))?.admin,
    'admin',
  )
  await member.groupParticipantsUpdate(id, [jid(SECOND)], 'promote')
  assert.deepEqual(await statuses([SECOND, THIRD], 'demote'), ['200', '200'])
  const gone = participantsUpdate(sock)
  await member.groupLeave(id)
  assert.deepEqual(await gone, ['remove', lid(THIRD)])
  await assert.rejects(member.groupMetadata(id), /forbidden/)
  assert.deepEqual(await rig.violations(), [])
})

test('an invite link leads in, until it is reset; approval and removal stand before it', async t => {
  const { rig, id, sock, member, lid } = await newGroup(t)
  const code = String(await sock.groupInviteCode(id))
  await member.groupLeave(id)
  assert.equal((await member.groupGetInviteInfo(code)).subject, 'The first name')
  const joined = participantsUpdate(sock)
  assert.equal(await member.groupAcceptInvite(code), id)
  assert.deepEqual(await joined, ['add', lid(THIRD)])
  await assert.rejects(member.groupAcceptInvite(code), /conflict/)
  await sock.groupJoinApprovalMode(id, 'on')
  await rig.ask('POST', `/phones/${SECOND}/join`, { code })
  const [asked] = await sock.groupRequestParticipantsList(id)
  assert.equal(asked?.jid, lid(SECOND))
  const [decided] = await sock.groupRequestParticipantsUpdate(id, [lid(SECOND)], 'approve')
  assert.deepEqual(decided, { status: '200', jid: lid(SECOND) })
  assert.equal((await sock.groupMetadata(id)).participants.length, 4)
  await sock.groupParticipantsUpdate(id, [jid(THIRD)], 'remove')
  await assert.rejects(member.groupAcceptInvite(code), /not-authorized/)
  const next = String(await sock.groupRevokeInvite(id))
  assert.notEqual(next, code)
  await assert.rejects(member.groupGetInviteInfo(code), /gone/)
  await assert.rejects(member.groupGetInviteInfo('never-was-one'), /not-acceptable/)
})

test('who is no admin is refused as WhatsApp does, and may what members may', async t => {
  const { rig, id, sock, member } = await newGroup(t)
  const refusals: readonly [string, () => Promise<unknown>, RegExp][] = [
    ['remove', () => member.groupParticipantsUpdate(id, [jid(CONTACT)], 'remove'), /forbidden/],
    ['promote', () => member.groupParticipantsUpdate(id, [jid(THIRD)], 'promote'), /forbidden/],
    ['close', () => member.groupSettingUpdate(id, 'announcement'), /forbidden/],
    ['see the link', () => member.groupInviteCode(id), /not-authorized/],
    ['reset the link', () => member.groupRevokeInvite(id), /not-authorized/],
    ['see who asks', () => member.groupRequestParticipantsList(id), /forbidden/],
    ['see no group', () => member.groupMetadata('120363999999999999@g.us'), /item-not-found/],
    ['leave no group', () => member.groupLeave('120363999999999999@g.us'), /item-not-found/],
  ]
  for (const [name, act, want] of refusals) await assert.rejects(act(), want, name)
  await member.groupUpdateSubject(id, 'Members may, as long as it is not locked')
  await sock.groupSettingUpdate(id, 'locked')
  await assert.rejects(member.groupUpdateSubject(id, 'but not now'), /forbidden/)
  await assert.rejects(
    rig.ask('PATCH', `/groups/${id}`, { by: CONTACT, subject: 'nor by phone' }),
    /403 forbidden/,
  )
  const group = await rig.ask<{ subject: string }>('PATCH', `/groups/${id}`, {
    by: MAIN,
    subject: 'An admin may',
  })
  assert.equal(group.subject, 'An admin may')
})

test('who lets nobody add them gets an invitation and takes it up', async t => {
  const { rig, id, sock, member, lid } = await newGroup(t)
  await member.groupLeave(id)
  await member.updateGroupsAddPrivacy('contacts')
  const [refused] = await sock.groupParticipantsUpdate(id, [jid(THIRD)], 'add')
  assert.equal(refused?.status, '403')
  const request = child(refused?.content, 'add_request')?.attrs
  const invite = {
    groupJid: id,
    inviteCode: String(request?.code),
    inviteExpiration: Number(request?.expiration),
  }
  await assert.rejects(
    member.groupAcceptInviteV4(jid(MAIN), { ...invite, inviteCode: 'WRONG' }),
    /not-acceptable/,
  )
  const joined = participantsUpdate(sock)
  assert.equal(await member.groupAcceptInviteV4(jid(MAIN), invite), id)
  assert.deepEqual(await joined, ['add', lid(THIRD)])
  assert.deepEqual((await rig.stats()).unanswered, [])
})
