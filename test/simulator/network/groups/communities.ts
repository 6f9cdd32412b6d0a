import type { User } from '../../store/people/users.ts'
import type { Group } from '../../store/social/groups.ts'
import type { World } from '../../store/world.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import type { Network } from '../network.ts'
import { createGroup } from './create.ts'
import { changeMembers, leave, letIn, type Named } from './members.ts'
import { notifyGroup } from './notify.ts'
import {
  type Deed,
  type DeedOutcome,
  FORBIDDEN,
  isAdmin,
  isMember,
  NOT_FOUND,
  type Refusal,
} from './rights.ts'

export type NewCommunity = {
  readonly subject: string
  readonly description?: { readonly id: string; readonly body: string } | undefined
  /** Whether it begins with a group for everybody to talk in. */
  readonly hasGeneralChat: boolean
}

/** Makes a community: its parent, the group for announcements, and perhaps one for general talk. */
export function createCommunity(
  network: Network,
  creator: User,
  { subject, description, hasGeneralChat }: NewCommunity,
): { kind: 'done'; group: Group } | Refusal {
  const outcome = createGroup(network, creator, { subject, description, participants: [], isParent: true })
  if (outcome.kind === 'error') return outcome
  const parent = outcome.group.id
  const child = { participants: [], parent }
  createGroup(network, creator, { ...child, subject, isDefault: true, announcement: true })
  if (hasGeneralChat) createGroup(network, creator, { ...child, subject: 'General' })
  return outcome
}

export function childrenOf(world: World, { id }: Group): readonly Group[] {
  return world.groups.list().filter(({ parent }) => parent === id)
}

/** Every group of a community, for its members. */
export function listChildren({ network: { world }, actor, group }: Deed): DeedOutcome {
  if (!isMember(group, actor.number)) return FORBIDDEN
  const groups = childrenOf(world, group).map(child => briefly(child))
  return { kind: 'done', group, answer: [stanza('sub_groups', {}, groups)] }
}

/** Takes a group into a community; its admin must be an admin of both. */
export function linkChild({ network, actor, group: parent }: Deed, childId: string): DeedOutcome {
  const { world } = network
  const child = world.groups.get(childId)
  if (child === undefined || child.isParent || !parent.isParent) return NOT_FOUND
  if (!isAdmin(parent, actor.number) || !isAdmin(child, actor.number)) return FORBIDDEN
  const linked = world.groups.put({ ...child, parent: parent.id })
  const link = (group: Group, type: string) => stanza('link', { link_type: type }, [briefly(group)])
  const newcomers = linked.members.map(({ number }) => number).filter(number => !isMember(parent, number))
  const group = letIn({ network, actor, group: parent }, newcomers)
  notifyGroup(network, { group, actor, what: link(linked, 'sub_group') })
  notifyGroup(network, { group: linked, actor, what: link(group, 'parent_group') })
  const answer = stanza('link', { link_type: 'sub_group' }, [stanza('group', { jid: linked.id })])
  return { kind: 'done', group, answer: [stanza('links', {}, [answer])] }
}

/** Lets a group go from its community. The announcements group stays. */
export function unlinkChild({ network, actor, group }: Deed, childId: string): DeedOutcome {
  const { world } = network
  const child = world.groups.get(childId)
  if (child?.parent !== group.id || child.isDefault) return NOT_FOUND
  if (!isAdmin(group, actor.number)) return FORBIDDEN
  const { parent: _, ...bare } = child
  const freed = world.groups.put(bare)
  const unlink = (other: Group, type: string) => {
    return stanza('unlink', { unlink_type: type, unlink_reason: 'unlink_group' }, [briefly(other)])
  }
  notifyGroup(network, { group, actor, what: unlink(freed, 'sub_group') })
  notifyGroup(network, { group: freed, actor, what: unlink(group, 'parent_group') })
  const answer = stanza('unlink', { unlink_type: 'sub_group' }, [stanza('group', { jid: freed.id })])
  return { kind: 'done', group, answer: [answer] }
}

/** Removes people from a community and all its groups. */
export function removeEverywhere(deed: Deed, named: readonly Named[]): DeedOutcome {
  const outcome = changeMembers(deed, 'remove', named)
  if (outcome.kind === 'error') return outcome
  for (const child of childrenOf(deed.network.world, deed.group)) {
    const there = named.filter(({ number }) => number !== undefined && isMember(child, number))
    if (there.length > 0 && isAdmin(child, deed.actor.number)) {
      changeMembers({ ...deed, group: child }, 'remove', there)
    }
  }
  return outcome
}

/** Leaves a community and all its groups. */
export function leaveEverywhere(deed: Deed): DeedOutcome {
  const outcome = leave(deed)
  if (outcome.kind === 'error') return outcome
  for (const child of childrenOf(deed.network.world, deed.group)) leave({ ...deed, group: child })
  const user = deed.group.id.split('@')[0]
  return { ...outcome, answer: [stanza('leave', {}, [stanza('community', { id: user })])] }
}

function briefly(group: Group): Stanza {
  const flag = group.isDefault ? [stanza('default_sub_group')] : []
  const { subject, createdAt, members } = group
  const attributes = {
    id: group.id.split('@')[0],
    subject: subject.body,
    s_t: String(subject.at),
    creation: String(createdAt),
    size: String(members.length),
  }
  return stanza('group', attributes, flag)
}
