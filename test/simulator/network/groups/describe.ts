import type { User } from '../../store/people/users.ts'
import type { Group, GroupText } from '../../store/social/groups.ts'
import type { World } from '../../store/world.ts'
import { jidOf } from '../../wire/address.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import { roleOf } from './rights.ts'

/** How a stanza names a user in a group: the JID in the group's addressing, and the other one beside it. */
export function namesOf(group: Group, user: User): { readonly jid: string; readonly other: string } {
  const other = group.addressing === 'lid' ? 'pn' : 'lid'
  return { jid: jidOf(user, group.addressing), other: jidOf(user, other) }
}

/** One participant, with the extra attributes that an answer or notification has for it. */
export function participant(
  world: World,
  { group, number, ...more }: { group: Group; number: string; error?: string; type?: string },
): Stanza {
  const user = world.users.get(number)
  if (user === undefined) return stanza('participant', { jid: `${number}@s.whatsapp.net`, ...more })
  const { jid, other } = namesOf(group, user)
  return stanza('participant', {
    jid,
    [group.addressing === 'lid' ? 'phone_number' : 'lid']: other,
    ...more,
  })
}

/** Everything about a group, as members get it. */
export function describeGroup(world: World, group: Group): Stanza {
  const people = group.members.map(({ number }) => {
    const role = roleOf(group, number)
    return participant(world, { group, number, ...(role === 'member' || !role ? {} : { type: role }) })
  })
  return stanza('group', headOf(world, group), [...people, ...settingsOf(world, group)])
}

/** What somebody who holds an invite link gets to see: no settings, no participants but the admins. */
export function describeInvite(world: World, group: Group): Stanza {
  const admins = group.members
    .filter(({ role }) => role !== 'member')
    .map(({ number, role }) => participant(world, { group, number, type: role }))
  const description = group.description === undefined ? [] : [describeText(world, group, group.description)]
  return stanza('group', headOf(world, group), [...admins, ...description])
}

function headOf(world: World, group: Group): Readonly<Record<string, string | undefined>> {
  const creator = nameAttributes(world, group, { number: group.creator, name: 'creator' })
  const subjectOwner = nameAttributes(world, group, { number: group.subject.by, name: 's_o' })
  return {
    id: group.id.split('@')[0],
    subject: group.subject.body,
    s_t: String(group.subject.at),
    creation: String(group.createdAt),
    size: String(group.members.length),
    addressing_mode: group.addressing,
    ...creator,
    ...subjectOwner,
  }
}

function nameAttributes(
  world: World,
  group: Group,
  { number, name }: { number: string; name: string },
): Readonly<Record<string, string | undefined>> {
  const user = world.users.get(number)
  if (user === undefined) return {}
  const pn = group.addressing === 'lid' ? { [`${name}_pn`]: jidOf(user, 'pn') } : {}
  return { [name]: namesOf(group, user).jid, ...pn }
}

function settingsOf(world: World, group: Group): readonly Stanza[] {
  const flags = [
    group.announcement && stanza('announcement'),
    group.locked && stanza('locked'),
    group.approval && stanza('membership_approval_mode', {}, [stanza('group_join', { state: 'on' })]),
    group.ephemeral > 0 && stanza('ephemeral', { expiration: String(group.ephemeral) }),
    group.isParent && stanza('parent', { default_membership_approval_mode: 'request_required' }),
    group.isDefault && stanza('default_sub_group'),
    group.parent !== undefined && stanza('linked_parent', { jid: group.parent }),
    group.description !== undefined && describeText(world, group, group.description),
  ]
  const addMode = stanza('member_add_mode', {}, Buffer.from(group.addMode))
  return [...flags.filter(flag => flag !== false), addMode]
}

function describeText(world: World, group: Group, text: GroupText): Stanza {
  const author = nameAttributes(world, group, { number: text.by, name: 'participant' })
  const attributes = { id: text.id, t: String(text.at), ...author }
  return stanza('description', attributes, [stanza('body', {}, Buffer.from(text.body))])
}
