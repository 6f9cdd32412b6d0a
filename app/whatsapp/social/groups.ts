import {
  type BinaryNode,
  type GroupMetadata,
  getBinaryNodeChild,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import { jidOf } from '../../model/chat.ts'
import type {
  Group,
  GroupSettings,
  JoinRequest,
  ParticipantAction,
  ParticipantOutcome,
  PersonalInvitation,
} from '../../model/group.ts'
import { instantOf, type Named, namedIn, peopleOf } from './people.ts'
import type { SocialDeps } from './social.ts'

export type NewGroup = {
  readonly subject: string
  readonly participants: readonly ChatId[]
  readonly description?: string
  /** Within this community. */
  readonly community?: ChatId
}

export type Groups = {
  /** All that the account is in. */
  list(): Promise<readonly Group[]>
  get(group: ChatId): Promise<Group>
  create(wanted: NewGroup): Promise<Group>
  createCommunity(wanted: Pick<NewGroup, 'subject' | 'description'>): Promise<ChatId>
  /** One after the other in the order of `GroupSettings`; the first that is refused ends it. */
  change(group: ChatId, settings: Partial<GroupSettings>): Promise<void>
  leave(group: ChatId): Promise<void>
  participants(
    group: ChatId,
    action: ParticipantAction,
    people: readonly ChatId[],
  ): Promise<readonly ParticipantOutcome[]>
  requests(group: ChatId): Promise<readonly JoinRequest[]>
  inviteCode(group: ChatId): Promise<string>
  /** A new code; the old one leads nowhere any more. */
  resetInvite(group: ChatId): Promise<string>
  /** What an invite link shows to who follows it. */
  invited(code: string): Promise<Group>
  /** Undefined when admins have to let the account in first. */
  join(code: string): Promise<ChatId | undefined>
  accept(invitation: PersonalInvitation): Promise<void>
}

export function createGroups(deps: SocialDeps): Groups {
  const { sock } = deps
  const shown = (metadata: GroupMetadata) => groupOf(metadata, deps)
  return {
    list: async () => Promise.all(Object.values(await sock.groupFetchAllParticipating()).map(shown)),
    async get(group) {
      const metadata = await sock.groupMetadata(group)
      const { participants } = metadata
      await learn(
        sock,
        participants.map(({ id: jid, phoneNumber, lid }) => ({ jid, other: phoneNumber ?? lid })),
      )
      return await shown(metadata)
    },
    create: wanted => create(wanted, deps),
    async createCommunity({ subject, description }) {
      const made = await sock.communityCreate(subject, description ?? '')
      if (made === null) throw new Error('the server did not say which community it made')
      return made.id
    },
    async change(group, settings) {
      for (const change of changesOf(sock, group, settings)) await change()
    },
    leave: group => sock.groupLeave(group),
    participants: (group, action, people) => act(deps, group, { action, people }),
    requests: group => requestsOf(deps, group),
    inviteCode: async group => codeOf(await sock.groupInviteCode(group)),
    resetInvite: async group => codeOf(await sock.groupRevokeInvite(group)),
    invited: async code => shown(await sock.groupGetInviteInfo(code)),
    join: code => sock.groupAcceptInvite(code),
    async accept({ group, code, from, expiresAt }) {
      const inviteExpiration = Math.floor(expiresAt.getTime() / 1_000)
      await sock.groupAcceptInviteV4(jidOf(from), { groupJid: group, inviteCode: code, inviteExpiration })
    },
  }
}

async function create(
  { subject, participants, description, community }: NewGroup,
  deps: SocialDeps,
): Promise<Group> {
  const { sock } = deps
  const jids = participants.map(jidOf)
  const made =
    community === undefined
      ? await sock.groupCreate(subject, jids)
      : await sock.communityCreateGroup(subject, jids, community)
  if (made === null) throw new Error('the server did not say which group it made')
  if (description === undefined) return await groupOf(made, deps)
  await sock.groupUpdateDescription(made.id, description)
  return { ...(await groupOf(made, deps)), description }
}

function changesOf(
  sock: WASocket,
  group: ChatId,
  settings: Partial<GroupSettings>,
): readonly (() => Promise<void>)[] {
  const { subject, description, announcement, locked, approval, addMode, ephemeralSeconds } = settings
  const changes: readonly (readonly [wanted: boolean, () => Promise<void>])[] = [
    [subject !== undefined, () => sock.groupUpdateSubject(group, subject ?? '')],
    [description !== undefined, () => sock.groupUpdateDescription(group, description)],
    [
      announcement !== undefined,
      () => sock.groupSettingUpdate(group, announcement ? 'announcement' : 'not_announcement'),
    ],
    [locked !== undefined, () => sock.groupSettingUpdate(group, locked ? 'locked' : 'unlocked')],
    [approval !== undefined, () => sock.groupJoinApprovalMode(group, approval ? 'on' : 'off')],
    [addMode !== undefined, () => sock.groupMemberAddMode(group, addMode ?? 'admin_add')],
    [ephemeralSeconds !== undefined, () => sock.groupToggleEphemeral(group, ephemeralSeconds ?? 0)],
  ]
  return changes.filter(([wanted]) => wanted).map(([, change]) => change)
}

/** What the library tells of one person. */
type Result = { readonly status: string; readonly jid: string | undefined; readonly content?: BinaryNode }

async function requestsOf({ sock, lookup }: SocialDeps, group: ChatId): Promise<readonly JoinRequest[]> {
  const asked = await sock.groupRequestParticipantsList(group)
  const named = asked.map(({ jid, phone_number }) => ({ jid, other: phone_number }))
  await learn(sock, named)
  const people = await peopleOf(named, lookup)
  return people.map((participant, index) => withInstant(participant, asked[index]?.request_time))
}

type Act = { readonly action: ParticipantAction; readonly people: readonly ChatId[] }

async function act(
  { sock, lookup }: SocialDeps,
  group: ChatId,
  { action, people }: Act,
): Promise<readonly ParticipantOutcome[]> {
  const jids = people.map(jidOf)
  const results = await resultsOf(sock, group, { action, jids })
  const named = results.map(({ jid, content }) => (content === undefined ? { jid } : namedIn(content)))
  const participants = await peopleOf(named, lookup)
  return results.map((result, index) => {
    const request = getBinaryNodeChild(result.content, 'add_request')
    const { code, expiration } = request?.attrs ?? {}
    const expiresAt = instantOf(expiration)
    return {
      participant: participants[index] ?? '',
      ...(result.status === '200' ? {} : { refusal: Number(result.status) }),
      ...(code === undefined || expiresAt === undefined ? {} : { invitation: { code, expiresAt } }),
    }
  })
}

type Wanted = { readonly action: ParticipantAction; readonly jids: string[] }

async function resultsOf(
  sock: WASocket,
  group: ChatId,
  { action, jids }: Wanted,
): Promise<readonly Result[]> {
  if (action !== 'approve' && action !== 'reject')
    return await sock.groupParticipantsUpdate(group, jids, action)
  const asked = await sock.groupRequestParticipantsList(group)
  await learn(
    sock,
    asked.map(({ jid, phone_number }) => ({ jid, other: phone_number })),
  ) // the answer has LIDs alone
  return await sock.groupRequestParticipantsUpdate(group, jids, action)
}

/** A group in our words. */
async function groupOf(metadata: GroupMetadata, { lookup }: SocialDeps): Promise<Group> {
  const { id, subject, desc, participants: members, creation, owner, ownerPn, linkedParent } = metadata
  const named = members.map(({ id: jid, phoneNumber }) => ({ jid, other: phoneNumber }))
  const people = await peopleOf(named, lookup)
  const [by] = owner === undefined ? [] : await peopleOf([{ jid: owner, other: ownerPn }], lookup)
  const createdAt = instantOf(creation)
  return {
    ...{ id, subject, size: metadata.size ?? members.length },
    ...{ announcement: metadata.announce === true, locked: metadata.restrict === true },
    approval: metadata.joinApprovalMode === true,
    addMode: metadata.memberAddMode ? 'all_member_add' : 'admin_add',
    ephemeralSeconds: metadata.ephemeralDuration ?? 0,
    isCommunity: metadata.isCommunity === true,
    ...(desc === undefined ? {} : { description: desc }),
    ...(by === undefined ? {} : { owner: by }),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(linkedParent === undefined ? {} : { community: linkedParent }),
    participants: people.map((participant, index) => ({
      participant,
      role: members[index]?.admin ?? 'member',
    })),
  }
}

/** Groups tell both names of people, which the library does not keep by itself. */
async function learn({ signalRepository }: WASocket, named: readonly Named[]): Promise<void> {
  const pairs = named.flatMap(({ jid, other }) => {
    if (jid === undefined || other === undefined) return []
    return [jid.endsWith('@lid') ? { lid: jid, pn: other } : { lid: other, pn: jid }]
  })
  await signalRepository.lidMapping.storeLIDPNMappings(pairs)
}

function withInstant(participant: ChatId, seconds: string | undefined): JoinRequest {
  const at = instantOf(seconds)
  return at === undefined ? { participant } : { participant, at }
}

function codeOf(code: string | undefined): string {
  if (code === undefined) throw new Error('the server did not say the code of the invite link')
  return code
}
