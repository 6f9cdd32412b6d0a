import type { User } from '../../store/people/users.ts'
import type { Group, GroupText } from '../../store/social/groups.ts'
import type { World } from '../../store/world.ts'
import type { Addressing } from '../../wire/address.ts'
import { stanza } from '../../wire/stanza.ts'
import type { Network } from '../network.ts'
import { describeGroup } from './describe.ts'
import { notifyGroup } from './notify.ts'
import { type Refusal, TOO_LARGE } from './rights.ts'

export type NewGroup = {
  readonly subject: string
  /** Numbers of who is in it beside the creator. */
  readonly participants: readonly string[]
  /** The creator's own mark, which comes back in the notification. */
  readonly key?: string | undefined
  readonly addressing?: Addressing
  readonly description?: { readonly id: string; readonly body: string } | undefined
  readonly parent?: string | undefined
  readonly isParent?: boolean
  readonly isDefault?: boolean
  readonly announcement?: boolean
}

const SUBJECT_MAX = 100
const MEMBERS_MAX = 1_024
const CODE_BYTES = 16

/** Makes a group and tells everybody in it. */
export function createGroup(
  network: Network,
  creator: User,
  asked: NewGroup,
): { kind: 'done'; group: Group } | Refusal {
  const { world } = network
  const others = [...new Set(asked.participants)].filter(number => number !== creator.number)
  if (asked.subject.length > SUBJECT_MAX || others.length >= MEMBERS_MAX) return TOO_LARGE
  const at = timeOf(world)
  const text = (id: string, body: string): GroupText => ({ id, body, by: creator.number, at })
  const { description, parent, addressing = 'lid' } = asked
  const group = world.groups.put({
    id: newGroupId(world),
    addressing,
    subject: text('', asked.subject),
    ...(description === undefined ? {} : { description: text(description.id, description.body) }),
    creator: creator.number,
    createdAt: at,
    members: [
      { number: creator.number, role: 'superadmin' },
      ...others.map(number => ({ number, role: 'member' as const })),
    ],
    epoch: 0,
    inviteCode: newCode(world),
    revokedCodes: [],
    personalInvites: [],
    requests: [],
    removed: [],
    announcement: asked.announcement ?? false,
    locked: false,
    approval: asked.isParent ?? false,
    addMode: 'all_member_add',
    ephemeral: 0,
    isParent: asked.isParent ?? false,
    isDefault: asked.isDefault ?? false,
    ...(parent === undefined ? {} : { parent }),
  })
  const what = stanza('create', { type: 'new', key: asked.key ?? '' }, [describeGroup(world, group)])
  notifyGroup(network, { group, actor: creator, what })
  return { kind: 'done', group }
}

/** Twenty-two letters, digits and signs, as in `chat.whatsapp.com/…`. */
export function newCode(world: World): string {
  return world.random.bytes(CODE_BYTES).toString('base64url')
}

/** Now, in whole seconds since 1970. */
export function timeOf(world: World): number {
  return Math.floor(world.now().getTime() / 1000)
}

function newGroupId(world: World): string {
  const digits = String(world.random.bytes(6).readUIntBE(0, 6) % 10 ** 12).padStart(12, '0')
  return `120363${digits}@g.us`
}
