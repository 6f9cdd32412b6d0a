import { userAt } from '../../phones/receiving/incoming.ts'
import type { World } from '../../store/world.ts'
import { parseAddress } from '../../wire/address.ts'
import { bytesOf, child, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from '../iq/table.ts'
import {
  createCommunity,
  leaveEverywhere,
  linkChild,
  listChildren,
  removeEverywhere,
  unlinkChild,
} from './communities.ts'
import { createGroup } from './create.ts'
import { describeGroup } from './describe.ts'
import {
  acceptPersonal,
  decideRequests,
  joinByCode,
  listRequests,
  resetCode,
  revokePersonal,
  showCode,
  showInvite,
} from './invites.ts'
import { addMembers, changeMembers, leave, letIn, type Named } from './members.ts'
import { type Deed, type DeedOutcome, FORBIDDEN, isMember, NOT_FOUND } from './rights.ts'
import { changeSetting, SETTINGS } from './settings.ts'

type Act = (deed: Deed, request: Stanza, world: World) => DeedOutcome

/** What is asked of one group, which the iq is addressed to. */
const OF_GROUP: Readonly<Record<string, Act>> = {
  'get query': ({ network, actor, group }) =>
    isMember(group, actor.number)
      ? { kind: 'done', group, answer: [describeGroup(network.world, group)] }
      : FORBIDDEN,
  'get invite': showCode,
  'get membership_approval_requests': listRequests,
  'get sub_groups': listChildren,
  'set invite': resetCode,
  'set add': (deed, request, world) => addMembers(deed, named(world, request)),
  'set remove': (deed, request, world) =>
    request.attrs.linked_groups === 'true'
      ? removeEverywhere(deed, named(world, request))
      : changeMembers(deed, 'remove', named(world, request)),
  'set promote': (deed, request, world) => changeMembers(deed, 'promote', named(world, request)),
  'set demote': (deed, request, world) => changeMembers(deed, 'demote', named(world, request)),
  'set accept': acceptPersonal,
  'set revoke': (deed, request, world) => revokePersonal(deed, named(world, request)),
  'set membership_requests_action': (deed, request, world) => {
    const approve = child(request, 'approve')
    const [action, asked] =
      approve === undefined ? ['reject' as const, child(request, 'reject')] : ['approve' as const, approve]
    return asked === undefined ? MALFORMED : decideRequests(deed, action, named(world, asked))
  },
  'set links': (deed, request) => linkChild(deed, child(child(request, 'link'), 'group')?.attrs.jid ?? ''),
  'set unlink': (deed, request) => unlinkChild(deed, child(request, 'group')?.attrs.jid ?? ''),
  ...Object.fromEntries(SETTINGS.map(tag => [`set ${tag}`, changeSetting])),
}

/** What is asked of all groups together. */
const OF_ALL: IqTable = {
  'set create': create,
  'set leave': leaveGroups,
  'get participating': ({ network: { world }, user }) => {
    const groups = world.groups.ofMember(user.number).map(group => describeGroup(world, group))
    return result(stanza('groups', {}, groups))
  },
  'get invite': ({ network, request }) => outcomeOf(showInvite(network, request?.attrs.code ?? '')),
  'set invite': ({ network, user, request }) =>
    outcomeOf(joinByCode(network, user, request?.attrs.code ?? '')),
}

const MALFORMED: DeedOutcome = { kind: 'error', code: 400, text: 'bad-request' }

/** Groups and communities. */
export const groupIqs: IqTable = Object.fromEntries(
  [...new Set([...Object.keys(OF_GROUP), ...Object.keys(OF_ALL)])].map(topic => [
    `w:g2 ${topic}`,
    (context: IqContext) => answer(topic, context),
  ]),
)

async function answer(topic: string, context: IqContext): Promise<IqOutcome> {
  const { network, iq, request, user } = context
  const outcome = iq.attrs.to === '@g.us' ? await OF_ALL[topic]?.(context) : ofOne()
  await network.world.db.committed()
  return outcome ?? BAD_REQUEST

  function ofOne(): IqOutcome | undefined {
    const group = network.world.groups.get(iq.attrs.to ?? '')
    if (group === undefined) return NOT_FOUND
    const act = OF_GROUP[topic]
    if (act === undefined || request === undefined) return undefined
    return outcomeOf(act({ network, actor: user, group }, request, network.world))
  }
}

function outcomeOf(outcome: DeedOutcome): IqOutcome {
  return outcome.kind === 'error' ? outcome : result(...(outcome.answer ?? []))
}

function create({ network, user, request }: IqContext): IqOutcome {
  const { world } = network
  const { subject = '', key } = request?.attrs ?? {}
  if (subject === '') return BAD_REQUEST
  const described = child(request, 'description')
  const body = bytesOf(described, 'body')?.toString() ?? ''
  const description = described?.attrs.id && body ? { id: described.attrs.id, body } : undefined
  if (child(request, 'parent') !== undefined) {
    const hasGeneralChat = child(request, 'create_general_chat') !== undefined
    const made = createCommunity(network, user, { subject, description, hasGeneralChat })
    return made.kind === 'error' ? made : result(describeGroup(world, made.group))
  }
  const parent = child(request, 'linked_parent')?.attrs.jid
  const community = world.groups.get(parent ?? '')
  if (parent !== undefined) {
    if (community === undefined || !community.isParent) return NOT_FOUND
    if (!isMember(community, user.number)) return FORBIDDEN
  }
  const participants = named(world, request).flatMap(({ number }) => (number === undefined ? [] : [number]))
  const made = createGroup(network, user, { subject, participants, key, description, parent })
  if (made.kind === 'error') return made
  if (community !== undefined) {
    const newcomers = participants.filter(number => !isMember(community, number))
    letIn({ network, actor: user, group: community }, newcomers)
  }
  return result(describeGroup(world, made.group))
}

function leaveGroups({ network, user, request }: IqContext): IqOutcome {
  const asked = children(request)[0]
  const id = asked?.attrs.id ?? ''
  const group = network.world.groups.get(id.includes('@') ? id : `${id}@g.us`)
  if (asked === undefined || group === undefined) return NOT_FOUND
  const deed = { network, actor: user, group }
  return outcomeOf(asked.tag === 'community' ? leaveEverywhere(deed) : leave(deed))
}

function named(world: World, request: Stanza | undefined): readonly Named[] {
  return children(request, 'participant').map(({ attrs: { jid = '' } }) => ({
    jid,
    number: userAt(world, parseAddress(jid))?.number,
  }))
}
