import { after, before, describe } from 'node:test'
import type { Rule } from '../../app/policy/snapshot.ts'
import { channelTests } from './channels.ts'
import { chatTests } from './chats.ts'
import { contactTests } from './contacts.ts'
import { groupTests } from './groups.ts'
import { profileTests } from './profile.ts'
import { startWorld, type World } from './world.ts'

const NARROW: readonly Rule[] = [
  {
    ...{ id: 'narrow-sees-groups', effect: 'allow', principals: ['narrow'], actions: ['groups.read'] },
    when: { recipientKind: ['group'] },
  },
  {
    ...{ id: 'narrow-sees-americans', effect: 'allow', principals: ['narrow'] },
    actions: ['contacts.read', 'chats.read'],
    when: { recipients: { prefixes: ['+1'] } },
  },
]

/** One process and one simulated WhatsApp for all of it: starting them costs more than the tests do. */
describe('over HTTP and a real connection', () => {
  let world: World
  before(async () => {
    world = await startWorld(NARROW)
  })
  after(() => world.stop())

  describe('groups', () => groupTests(() => world))
  describe('contacts', () => contactTests(() => world))
  describe('chats', () => chatTests(() => world))
  describe('channels', () => channelTests(() => world))
  describe('the profile', () => profileTests(() => world))
})
