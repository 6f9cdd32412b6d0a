import type { User } from '../../store/people/users.ts'
import type { Group } from '../../store/social/groups.ts'
import { type Stanza, stanza } from '../../wire/stanza.ts'
import type { Network } from '../network.ts'
import { newCode, timeOf } from './create.ts'
import { describeInvite, namesOf, participant } from './describe.ts'
import { letIn, type Named } from './members.ts'
import { notifyGroup } from './notify.ts'
import {
  adminsOf,
  CONFLICT,
  type Deed,
  type DeedOutcome,
  FORBIDDEN,
  GONE,
  isAdmin,
  isMember,
  NOT_ACCEPTABLE,
  NOT_AUTHORIZED,
  NOT_FOUND,
  type Refusal,
} from './rights.ts'

/** The invite link's code, for admins. */
export function showCode({ actor, group }: Deed): DeedOutcome {
  if (!isMember(group, actor.number)) return FORBIDDEN
  if (!isAdmin(group, actor.number)) return NOT_AUTHORIZED
  return { kind: 'done', group, answer: [stanza('invite', { code: group.inviteCode })] }
}

/** A new invite link; the old one is gone. */
export function resetCode({ network, actor, group: before }: Deed): DeedOutcome {
  if (!isMember(before, actor.number)) return FORBIDDEN
  if (!isAdmin(before, actor.number)) return NOT_AUTHORIZED
  const { world } = network
  const group = world.groups.put({
    ...before,
    inviteCode: newCode(world),
    revokedCodes: [...before.revokedCodes, before.inviteCode],
  })
  const what = stanza('invite', { code: group.inviteCode })
  notifyGroup(network, { group, actor, what })
  return { kind: 'done', group, answer: [what] }
}

/** The group that a code leads to, or why it leads to none. */
export function groupOfCode({ world }: Network, code: string): Group | Refusal {
  const group = world.groups.byCode(code)
  if (group !== undefined) return group
  return world.groups.wasCode(code) ? GONE : NOT_ACCEPTABLE
}

/** What an invite link tells before one follows it. */
export function showInvite(network: Network, code: string): DeedOutcome {
  const group = groupOfCode(network, code)
  if ('kind' in group) return group
  return { kind: 'done', group, answer: [describeInvite(network.world, group)] }
}

/** Follows an invite link: into the group, or into the queue of those who want to be let in. */
export function joinByCode(network: Network, actor: User, code: string): DeedOutcome {
  const group = groupOfCode(network, code)
  if ('kind' in group) return group
  if (isMember(group, actor.number)) return CONFLICT
  if (group.removed.includes(actor.number)) return NOT_AUTHORIZED
  if (group.approval) return askToJoin({ network, actor, group })
  const joined = letIn({ network, actor, group }, [actor.number], 'invite')
  return { kind: 'done', group: joined, answer: [stanza('group', { jid: group.id })] }
}

function askToJoin({ network, actor, group: before }: Deed): DeedOutcome {
  const { world } = network
  const others = before.requests.filter(({ number }) => number !== actor.number)
  const requests = [...others, { number: actor.number, at: timeOf(world) }]
  const group = world.groups.put({ ...before, requests })
  const { jid, other } = namesOf(group, actor)
  const asked = stanza('requested_user', {
    jid,
    [group.addressing === 'lid' ? 'phone_number' : 'lid']: other,
  })
  const what = stanza('created_membership_requests', { request_method: 'invite_link' }, [asked])
  notifyGroup(network, { group, actor, what, to: adminsOf(group) })
  return { kind: 'done', group, answer: [stanza('membership_approval_request', { jid: group.id })] }
}

/** Who wants to be let in, for admins. */
export function listRequests({ network: { world }, actor, group }: Deed): DeedOutcome {
  if (!isAdmin(group, actor.number)) return FORBIDDEN
  const requests = group.requests.map(({ number, at }) => {
    const { attrs } = participant(world, { group, number })
    const more = { request_method: 'InviteLink', request_time: String(at) }
    return stanza('membership_approval_request', { ...attrs, ...more })
  })
  return { kind: 'done', group, answer: [stanza('membership_approval_requests', {}, requests)] }
}

/** Lets in or turns away who asked; 404 for those who did not. */
export function decideRequests(
  { network, actor, group: before }: Deed,
  action: 'approve' | 'reject',
  named: readonly Named[],
): DeedOutcome {
  if (!isAdmin(before, actor.number)) return FORBIDDEN
  const { world } = network
  const decided: string[] = []
  const results = named.map(({ jid, number }) => {
    if (number === undefined || !before.requests.some(request => request.number === number)) {
      return stanza('participant', { jid, error: '404' })
    }
    decided.push(number)
    return participant(world, { group: before, number })
  })
  const group =
    action === 'approve' ? letIn({ network, actor, group: before }, decided, 'invite') : turnAway()
  const answer = stanza('membership_requests_action', {}, [stanza(action, {}, results)])
  return { kind: 'done', group, answer: [answer] }

  function turnAway(): Group {
    const requests = before.requests.filter(({ number }) => !decided.includes(number))
    const group = world.groups.put({ ...before, requests })
    for (const number of decided) {
      const what = stanza('revoked_membership_requests', {}, [participant(world, { group, number })])
      notifyGroup(network, { group, actor, what, to: [...adminsOf(group), number] })
    }
    return group
  }
}

/** Takes up a personal invitation, which names its code, its end and who gave it. */
export function acceptPersonal({ network, actor, group }: Deed, accept: Stanza): DeedOutcome {
  const invite = group.personalInvites.find(({ number }) => number === actor.number)
  if (isMember(group, actor.number)) return CONFLICT
  if (invite === undefined || invite.code !== accept.attrs.code) return NOT_ACCEPTABLE
  if (invite.expiresAt < timeOf(network.world)) return GONE
  return { kind: 'done', group: letIn({ network, actor, group }, [actor.number], 'invite'), answer: [] }
}

/** Takes personal invitations back. */
export function revokePersonal(
  { network, actor, group: before }: Deed,
  named: readonly Named[],
): DeedOutcome {
  if (!isMember(before, actor.number)) return FORBIDDEN
  const revoked = named.map(({ number }) => number)
  const kept = before.personalInvites.filter(({ number }) => !revoked.includes(number))
  if (kept.length === before.personalInvites.length) return NOT_FOUND
  return { kind: 'done', group: network.world.groups.put({ ...before, personalInvites: kept }) }
}
