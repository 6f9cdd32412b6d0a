import { createGroup } from '../network/groups/create.ts'
import { decideRequests, joinByCode, resetCode } from '../network/groups/invites.ts'
import { addMembers, changeMembers, leave, type Named } from '../network/groups/members.ts'
import { adminsOf, type Deed, type DeedOutcome } from '../network/groups/rights.ts'
import { changeSetting } from '../network/groups/settings.ts'
import type { Group } from '../store/social/groups.ts'
import type { World } from '../store/world.ts'
import { jidOf } from '../wire/address.ts'
import { children, type Stanza, stanza } from '../wire/stanza.ts'
import { AdminError, readBody, readNumber } from './body.ts'
import { userOf } from './destination.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

/** What people do to groups with their phones. Rights are as on the wire: who is no admin is refused with 403. */
export const groupRoutes: AdminRoutes = {
  'GET /groups': ({ network }) => ({
    data: network.world.groups.list().map(group => showGroup(network.world, group)),
  }),
  'POST /groups': addGroup,
  'GET /groups/{group}': request => showGroup(request.network.world, groupOf(request)),
  'PATCH /groups/{group}': change,
  'POST /groups/{group}/participants': changeParticipants,
  'POST /groups/{group}/requests': answerRequests,
  'DELETE /groups/{group}/invite': request => done(request, resetCode(deedOf(request, undefined))),
  'POST /phones/{number}/join': request => {
    const { code } = readBody(request.body, { code: 'string' })
    return done(request, joinByCode(request.network, phoneOf(request), code))
  },
  'POST /phones/{number}/leave': request => {
    const { group } = readBody(request.body, { group: 'string' })
    const actor = phoneOf(request)
    const { network } = request
    return done(request, leave({ network, actor, group: groupNamed(network.world, group) }))
  },
}

/** The group that a JID, or the part of it before the `@`, names. Throws an AdminError when there is none. */
export function groupNamed(world: World, id: string): Group {
  const group = world.groups.get(id.includes('@') ? id : `${id}@g.us`)
  if (group === undefined) throw new AdminError(404, `there is no group ${id}; GET /groups lists them`)
  return group
}

function groupOf({ network, path }: AdminRequest): Group {
  return groupNamed(network.world, path.group ?? '')
}

async function addGroup({ network, body }: AdminRequest): Promise<unknown> {
  const asked = readBody(body, {
    subject: 'string',
    participants: 'strings',
    creator: 'string?',
    addressing: 'string?',
  })
  const { world } = network
  const [first] = asked.participants
  const creator = asked.creator ?? first
  if (creator === undefined) throw new AdminError(400, '`participants` must name somebody')
  const addressing = asked.addressing ?? 'lid'
  if (addressing !== 'lid' && addressing !== 'pn') throw new AdminError(400, '`addressing` must be lid or pn')
  const participants = asked.participants.map(number => userOf(world, number, 'participants').number)
  const { subject } = asked
  const made = createGroup(network, userOf(world, creator, 'creator'), { subject, participants, addressing })
  if (made.kind === 'error') throw new AdminError(made.code, made.text)
  await world.db.committed()
  return showGroup(world, made.group)
}

async function change(request: AdminRequest): Promise<unknown> {
  const asked = readBody(request.body, {
    by: 'string?',
    subject: 'string?',
    description: 'string?',
    announcement: 'boolean?',
    locked: 'boolean?',
    approval: 'boolean?',
    ephemeral: 'number?',
    add_mode: 'string?',
  })
  const settings = [
    asked.subject !== undefined && stanza('subject', {}, Buffer.from(asked.subject)),
    asked.description !== undefined && description(request, asked.description),
    asked.announcement !== undefined && stanza(asked.announcement ? 'announcement' : 'not_announcement'),
    asked.locked !== undefined && stanza(asked.locked ? 'locked' : 'unlocked'),
    asked.approval !== undefined && approval(asked.approval),
    asked.ephemeral !== undefined && ephemeral(asked.ephemeral),
    asked.add_mode !== undefined && stanza('member_add_mode', {}, Buffer.from(asked.add_mode)),
  ]
  for (const setting of settings) {
    if (setting !== false) await done(request, changeSetting(deedOf(request, asked.by), setting))
  }
  return showGroup(request.network.world, groupOf(request))
}

function description(request: AdminRequest, body: string): Stanza {
  const id = request.network.world.random.hex(10)
  return stanza('description', { id, prev: groupOf(request).description?.id }, [
    stanza('body', {}, Buffer.from(body)),
  ])
}

function approval(on: boolean): Stanza {
  return stanza('membership_approval_mode', {}, [stanza('group_join', { state: on ? 'on' : 'off' })])
}

function ephemeral(timer: number): Stanza {
  return timer === 0 ? stanza('not_ephemeral') : stanza('ephemeral', { expiration: String(timer) })
}

const CHANGES = ['add', 'remove', 'promote', 'demote'] as const

function changeParticipants(request: AdminRequest): Promise<unknown> {
  const { action, participants, by } = readBody(request.body, {
    action: 'string',
    participants: 'strings',
    by: 'string?',
  })
  const known = CHANGES.find(each => each === action)
  if (known === undefined) throw new AdminError(400, `\`action\` must be one of ${CHANGES.join(', ')}`)
  const deed = deedOf(request, by)
  const named = namedOf(request.network.world, participants)
  return done(request, known === 'add' ? addMembers(deed, named) : changeMembers(deed, known, named))
}

function answerRequests(request: AdminRequest): Promise<unknown> {
  const { action, participants, by } = readBody(request.body, {
    action: 'string',
    participants: 'strings',
    by: 'string?',
  })
  if (action !== 'approve' && action !== 'reject') {
    throw new AdminError(400, '`action` must be approve or reject')
  }
  const named = namedOf(request.network.world, participants)
  return done(request, decideRequests(deedOf(request, by), action, named))
}

/** Somebody's deed; by the group's first admin when the body names nobody. */
function deedOf(request: AdminRequest, by: string | undefined): Deed {
  const { network } = request
  const group = groupOf(request)
  const actor = userOf(network.world, by ?? adminsOf(group)[0] ?? '', 'by')
  return { network, actor, group }
}

function namedOf(world: World, numbers: readonly string[]): readonly Named[] {
  return numbers.map(asked => {
    const number = readNumber(asked, 'participants')
    const user = world.users.get(number)
    return { jid: `${number}@s.whatsapp.net`, number: user?.number }
  })
}

/** The group as it is now, and who could not be dealt with; throws what the wire would refuse. */
async function done({ network }: AdminRequest, outcome: DeedOutcome): Promise<unknown> {
  if (outcome.kind === 'error') throw new AdminError(outcome.code, outcome.text)
  await network.world.db.committed()
  const refused = participantsIn(outcome.answer ?? [])
    .filter(({ attrs }) => attrs.error !== undefined)
    .map(({ attrs }) => ({ jid: attrs.jid, error: Number(attrs.error) }))
  return { ...showGroup(network.world, outcome.group), refused }
}

function participantsIn(nodes: readonly Stanza[]): readonly Stanza[] {
  return nodes.flatMap(node => (node.tag === 'participant' ? [node] : participantsIn(children(node))))
}

function showGroup(world: World, group: Group): Record<string, unknown> {
  const { id, addressing, announcement, locked, approval, ephemeral, isParent, parent } = group
  return {
    id,
    addressing,
    subject: group.subject.body,
    description: group.description?.body ?? null,
    participants: group.members.map(({ number, role }) => ({
      number: `+${number}`,
      role,
      lid: lidOf(number),
    })),
    requests: group.requests.map(({ number }) => `+${number}`),
    invite: group.inviteCode,
    ...{ announcement, locked, approval, ephemeral, add_mode: group.addMode },
    ...{ is_community: isParent, parent: parent ?? null },
  }

  function lidOf(number: string): string | undefined {
    const user = world.users.get(number)
    return user && jidOf(user, 'lid')
  }
}
