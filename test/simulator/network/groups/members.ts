import type { Group, Member } from '../../store/social/groups.ts'
import type { World } from '../../store/world.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import { newCode, timeOf } from './create.ts'
import { describeGroup, participant } from './describe.ts'
import { notifyGroup } from './notify.ts'
import { type Deed, type DeedOutcome, FORBIDDEN, isAdmin, isMember, NOT_FOUND, roleOf } from './rights.ts'

/** Somebody named in a request; `number` is undefined for a JID that is nobody's. */
export type Named = { readonly jid: string; readonly number: string | undefined }

type Change = 'remove' | 'promote' | 'demote'

const INVITE_SECONDS = 3 * 24 * 60 * 60

/** Adds people; who allows that to nobody gets a personal invitation instead (403), who is in already 409. */
export function addMembers(deed: Deed, named: readonly Named[]): DeedOutcome {
  const { network, actor } = deed
  const { world } = network
  const mayAdd = isAdmin(deed.group, actor.number) || deed.group.addMode === 'all_member_add'
  if (!isMember(deed.group, actor.number) || !mayAdd) return FORBIDDEN
  const added: string[] = []
  let { group } = deed
  const results = named.map(({ jid, number }) => {
    if (number === undefined) return stanza('participant', { jid, error: '404' })
    if (isMember(group, number)) return participant(world, { group, number, error: '409' })
    if (world.profiles.of(number).privacy.groupadd !== 'all') {
      const invited = invitePersonally({ ...deed, group }, number)
      group = invited.group
      return invited.answer
    }
    added.push(number)
    return participant(world, { group, number })
  })
  if (added.length > 0 || group !== deed.group) group = letIn({ ...deed, group }, added)
  return { kind: 'done', group, answer: [stanza('add', {}, results)] }
}

/** Takes people into a group and tells old and new members; the new ones get to know the whole group. */
export function letIn(
  { network, actor, group: before }: Deed,
  numbers: readonly string[],
  reason?: string,
): Group {
  const { world } = network
  const isNew = (number: string) => !numbers.includes(number)
  const group = world.groups.put({
    ...before,
    members: [...before.members, ...numbers.map(number => ({ number, role: 'member' as const }))],
    requests: before.requests.filter(({ number }) => isNew(number)),
    removed: before.removed.filter(isNew),
    personalInvites: before.personalInvites.filter(({ number }) => isNew(number)),
  })
  if (numbers.length === 0) return group
  const people = numbers.map(number => participant(world, { group, number }))
  const old = before.members.map(({ number }) => number)
  notifyGroup(network, { group, actor, what: stanza('add', { reason }, people), to: old })
  const what = stanza('create', { reason }, [describeGroup(world, group)])
  notifyGroup(network, { group, actor, what, to: numbers })
  for (const other of joinedAlong(world, group)) {
    letIn(
      { network, actor, group: other },
      numbers.filter(number => !isMember(other, number)),
    )
  }
  return group
}

/** Who is in a group of a community is in the community too, and in its group for announcements. */
function joinedAlong(world: World, { id, parent }: Group): readonly Group[] {
  const { list } = world.groups
  if (parent === undefined) return list().filter(group => group.parent === id && group.isDefault)
  return list().filter(group => group.id === parent)
}

/** Removes people, makes them admins or members again. Only for admins; the creator stays who they are. */
export function changeMembers(deed: Deed, change: Change, named: readonly Named[]): DeedOutcome {
  const { network, actor, group } = deed
  const { world } = network
  if (!isAdmin(group, actor.number)) return FORBIDDEN
  const changed: string[] = []
  const results = named.map(({ jid, number }) => {
    if (number === undefined || !isMember(group, number)) return stanza('participant', { jid, error: '404' })
    if (roleOf(group, number) === 'superadmin') {
      return participant(world, { group, number, error: '406' })
    }
    changed.push(number)
    return participant(world, { group, number })
  })
  const answer = [stanza(change, {}, results)]
  if (changed.length === 0) return { kind: 'done', group, answer }
  return { kind: 'done', group: apply(deed, change, changed), answer }
}

function apply({ network, actor, group: before }: Deed, change: Change, numbers: readonly string[]): Group {
  const { world } = network
  const members: readonly Member[] =
    change === 'remove'
      ? before.members.filter(({ number }) => !numbers.includes(number))
      : before.members.map(member =>
          numbers.includes(member.number)
            ? { ...member, role: change === 'promote' ? 'admin' : 'member' }
            : member,
        )
  const removed = change === 'remove' ? [...before.removed, ...numbers] : before.removed
  const epoch = change === 'remove' ? before.epoch + 1 : before.epoch
  const group = world.groups.put({ ...before, members, removed, epoch })
  const people = numbers.map(number => participant(world, { group, number }))
  const to = before.members.map(({ number }) => number)
  notifyGroup(network, { group, actor, what: stanza(change, {}, people), to })
  return group
}

/** Leaves the group. When its last admin goes, the member who has been there longest takes over. */
export function leave({ network, actor, group: before }: Deed): DeedOutcome {
  const { world } = network
  if (!isMember(before, actor.number)) return NOT_FOUND
  const left = before.members.filter(({ number }) => number !== actor.number)
  const [first, ...rest] = left
  const isOrphaned = first !== undefined && left.every(({ role }) => role === 'member')
  const members: readonly Member[] = isOrphaned ? [{ ...first, role: 'admin' }, ...rest] : left
  const group = world.groups.put({ ...before, members, epoch: before.epoch + 1 })
  const what = stanza('remove', {}, [participant(world, { group, number: actor.number })])
  notifyGroup(network, { group, actor, what, to: before.members.map(({ number }) => number) })
  if (isOrphaned) {
    const promoted = stanza('promote', {}, [participant(world, { group, number: first.number })])
    notifyGroup(network, { group, actor, what: promoted })
  }
  const user = group.id.split('@')[0]
  return { kind: 'done', group, answer: [stanza('leave', {}, [stanza('group', { id: user })])] }
}

function invitePersonally(
  { network: { world }, actor, group }: Deed,
  number: string,
): { group: Group; answer: Stanza } {
  const code = newCode(world).slice(0, 16)
  const expiresAt = timeOf(world) + INVITE_SECONDS
  const others = group.personalInvites.filter(invite => invite.number !== number)
  const personalInvites = [...others, { number, code, by: actor.number, expiresAt }]
  const answer = participant(world, { group, number, error: '403' })
  const addRequest = stanza('add_request', { code, expiration: String(expiresAt) })
  return { group: { ...group, personalInvites }, answer: { ...answer, content: [addRequest] } }
}
