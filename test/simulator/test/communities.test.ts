import assert from 'node:assert/strict'
import { test } from 'node:test'
import baileysLogger from '@whiskeysockets/baileys/lib/Utils/logger.js'
import { nextText } from './plain-client.ts'
import { CONTACT, jid, MAIN, Rig } from './rig.ts'

const OTHER = '12025550103'
baileysLogger.level = 'silent' // Baileys prints whole communities with its own logger, whatever its socket is given

test('a community holds groups, takes them in, lets them go, and who joins one is in it', async t => {
  const rig = await Rig.start(t)
  await rig.ask('POST', '/phones', { number: CONTACT })
  const { sock } = await rig.linked(MAIN)
  const member = await rig.linked(OTHER)
  const community = await sock.communityCreate('The street', 'All houses')
  const parent = String(community?.id)
  assert.deepEqual([community?.isCommunity, community?.desc], [true, 'All houses'])
  const names = async () => {
    const { linkedGroups } = await sock.communityFetchLinkedGroups(parent)
    return linkedGroups.map(({ subject }) => subject).sort()
  }
  assert.deepEqual(await names(), ['General', 'The street'])
  const made = await sock.communityCreateGroup('The garden', [jid(CONTACT)], parent)
  assert.equal(made?.linkedParent, parent)
  const inside = async (group: string) => (await sock.groupMetadata(group)).participants.length
  assert.equal(await inside(parent), 2, 'who is in the garden is in the street')
  const loose = await sock.groupCreate('The cellar', [jid(CONTACT)])
  await sock.communityLinkGroup(loose.id, parent)
  assert.deepEqual(await names(), ['General', 'The cellar', 'The garden', 'The street'])
  assert.equal((await sock.groupMetadata(loose.id)).linkedParent, parent)
  const code = String(await sock.groupInviteCode(loose.id))
  assert.equal(await member.sock.groupAcceptInvite(code), loose.id)
  const groups = Object.values(await member.sock.groupFetchAllParticipating())
  assert.deepEqual(groups.map(({ subject }) => subject).sort(), ['The cellar', 'The street', 'The street'])
  const announcements = String(groups.find(({ isCommunityAnnounce }) => isCommunityAnnounce)?.id)
  const arrival = nextText(member.sock)
  await sock.sendMessage(announcements, { text: 'to everybody in the street' })
  assert.equal((await arrival).text, 'to everybody in the street')
  await assert.rejects(member.sock.communityUnlinkGroup(loose.id, parent), /forbidden/)
  await sock.communityUnlinkGroup(loose.id, parent)
  assert.deepEqual(await names(), ['General', 'The garden', 'The street'])
  await sock.communityParticipantsUpdate(parent, [jid(OTHER)], 'remove')
  const left = Object.values(await member.sock.groupFetchAllParticipating())
  assert.deepEqual(
    left.map(({ subject }) => subject),
    ['The cellar'],
  )
  assert.deepEqual(await rig.violations(), [])
})
