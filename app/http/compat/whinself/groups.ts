import { jidOf } from '../../../model/chat.ts'
import type { Group, GroupSettings, PARTICIPANT_ACTIONS } from '../../../model/group.ts'
import type { Social } from '../../../whatsapp/social/social.ts'
import { type Answer, invalid, json, type Parsed } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import { peopleIn, wanting } from '../../routes/social/named.ts'
import { readPicture } from '../../routes/social/picture.ts'
import { act, ask, type SocialDeps } from '../../routes/social/whatsapp.ts'
import { bodyReader } from '../../schemas/body.ts'
import { inviteJson } from '../../wire/group.ts'
import { asked, groupOf, sentence, touchesGroup, whinselfRoute } from './asking.ts'
import { groupInfo } from './group-info.ts'
import {
  GROUP_NAME_SCHEMA,
  GROUP_PHOTO_SCHEMA,
  GROUP_SCHEMA,
  GROUP_TOPIC_SCHEMA,
  INVITE_SCHEMA,
  NEW_GROUP_SCHEMA,
  NOTHING_SCHEMA,
  PARTICIPANTS_SCHEMA,
} from './schema.ts'

const READ = 'groups.read'
const WRITE = 'groups.write'

type Named = { readonly jid: string }
type NewBody = {
  readonly name: string
  readonly participants?: readonly string[]
  readonly is_parent?: boolean
  readonly linked_parent_jid?: string
}
type PeopleBody = Named & {
  readonly participant_jids: readonly string[]
  readonly action: Extract<(typeof PARTICIPANT_ACTIONS)[number], 'add' | 'remove' | 'promote' | 'demote'>
}

const readNothing = bodyReader<object>(NOTHING_SCHEMA)
const readNamed = bodyReader<Named>(GROUP_SCHEMA)
const readLink = bodyReader<Named & { reset?: boolean }>(INVITE_SCHEMA)
const readName = bodyReader<Named & { name: string }>(GROUP_NAME_SCHEMA)
const readPhoto = bodyReader<Named & { avatar: string }>(GROUP_PHOTO_SCHEMA)
const readTopic = bodyReader<Named & { topic: string }>(GROUP_TOPIC_SCHEMA)
const readNew = bodyReader<NewBody>(NEW_GROUP_SCHEMA)
const readPeople = bodyReader<PeopleBody>(PARTICIPANTS_SCHEMA)

/** Groups: made, changed, left, and told of. */
export function whinselfGroupRoutes(deps: SocialDeps): readonly Route[] {
  const on = (name: string, action: string, handle: (call: Call, deps: SocialDeps) => Promise<Answer>) =>
    whinselfRoute(`post ${name}`, action, call => handle(call, deps))
  return [
    on('creategroup', WRITE, create),
    on('setgroupname', WRITE, call =>
      set(call, { read: readName, settings: ({ name }) => ({ subject: name }) }, deps),
    ),
    on('setgrouptopic', WRITE, call =>
      set(call, { read: readTopic, settings: ({ topic }) => ({ description: topic }) }, deps),
    ),
    on('setgroupphoto', WRITE, photo),
    on('getgroupinvitelink', READ, link),
    on('getgroupinfo', READ, info),
    on('leavegroup', WRITE, leave),
    on('upgradegroupparticipants', WRITE, participants),
    whinselfRoute('get getjoinedgroups', READ, call => joined(call, deps)),
  ]
}

async function create(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = await asked(call, { read: readNew, action: WRITE }, deps)
  if (body.kind === 'problem') return body
  const {
    name: subject,
    participants: list = [],
    is_parent: isCommunity,
    linked_parent_jid: community,
  } = body.value
  const path = '$.participants'
  const people = await peopleIn(call, { list, path }, deps)
  if (people.kind === 'problem') return people
  const willing = await wanting(people.value, path, deps)
  if (willing.kind === 'problem') return willing
  const wanted = { subject, participants: willing.value, ...(community === undefined ? {} : { community }) }
  const question = ({ groups }: Social) =>
    isCommunity ? groups.createCommunity({ subject }).then(id => groups.get(id)) : groups.create(wanted)
  const made = await act(call, { question, deed: { action: WRITE, detail: { operation: 'create' } } }, deps)
  return told(made)
}

type Setting<T> = {
  readonly read: (raw: unknown) => Parsed<T>
  readonly settings: (body: T) => Partial<GroupSettings>
}

async function set<T extends Named>(
  call: Call,
  { read, settings }: Setting<T>,
  deps: SocialDeps,
): Promise<Answer> {
  const body = await asked(call, { read, action: WRITE, touches: touchesGroup }, deps)
  if (body.kind === 'problem') return body
  const group = groupOf(call, body.value.jid)
  if (group.kind === 'problem') return group
  const wanted = settings(body.value)
  const deed = {
    action: WRITE,
    target: group.value,
    detail: { operation: 'change', members: Object.keys(wanted) },
  }
  const done = await act(call, { deed, question: ({ groups }) => groups.change(group.value, wanted) }, deps)
  return done.kind === 'problem' ? done : sentence('Group updated.')
}

async function photo(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = await asked(call, { read: readPhoto, action: WRITE, touches: touchesGroup }, deps)
  if (body.kind === 'problem') return body
  const group = groupOf(call, body.value.jid)
  if (group.kind === 'problem') return group
  const picture = readPicture(body.value.avatar)
  if (picture.kind === 'problem') return invalid('$.avatar', 'must be a JPEG in base64')
  const jpeg = picture.value ?? null
  const deed = { action: WRITE, target: group.value, detail: { operation: 'change', members: ['picture'] } }
  const done = await act(
    call,
    { deed, question: ({ profile }) => profile.setPicture(jpeg, group.value) },
    deps,
  )
  return done.kind === 'problem' ? done : sentence('Group photo updated.')
}

async function link(call: Call, deps: SocialDeps): Promise<Answer> {
  const read = (raw: unknown) => readLink(raw)
  const { body } = call.request
  const isReset = typeof body === 'object' && body !== null && 'reset' in body && body.reset === true
  const named = await asked(call, { read, action: isReset ? WRITE : READ, touches: touchesGroup }, deps)
  if (named.kind === 'problem') return named
  const group = groupOf(call, named.value.jid)
  if (group.kind === 'problem') return group
  const deed = { action: WRITE, target: group.value, detail: { operation: 'reset-invite' } }
  const code = isReset
    ? await act(call, { deed, question: ({ groups }) => groups.resetInvite(group.value) }, deps)
    : await ask(call, deps, ({ groups }) => groups.inviteCode(group.value))
  return code.kind === 'problem' ? code : sentence(inviteJson(code.value).url)
}

async function info(call: Call, deps: SocialDeps): Promise<Answer> {
  const named = await asked(call, { read: readNamed, action: READ, touches: touchesGroup }, deps)
  if (named.kind === 'problem') return named
  const group = groupOf(call, named.value.jid)
  if (group.kind === 'problem') return group
  return told(await ask(call, deps, ({ groups }) => groups.get(group.value)))
}

async function leave(call: Call, deps: SocialDeps): Promise<Answer> {
  const named = await asked(call, { read: readNamed, action: WRITE, touches: touchesGroup }, deps)
  if (named.kind === 'problem') return named
  const group = groupOf(call, named.value.jid)
  if (group.kind === 'problem') return group
  const deed = { action: WRITE, target: group.value, detail: { operation: 'leave' } }
  const left = await act(call, { deed, question: ({ groups }) => groups.leave(group.value) }, deps)
  return left.kind === 'problem' ? left : sentence('Group left.')
}

async function participants(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = await asked(call, { read: readPeople, action: WRITE, touches: touchesGroup }, deps)
  if (body.kind === 'problem') return body
  const { jid, action, participant_jids: list } = body.value
  const group = groupOf(call, jid)
  if (group.kind === 'problem') return group
  const path = '$.participant_jids'
  const people = await peopleIn(call, { list, path }, deps)
  if (people.kind === 'problem') return people
  const willing = action === 'add' ? await wanting(people.value, path, deps) : people
  if (willing.kind === 'problem') return willing
  const deed = {
    action: WRITE,
    target: group.value,
    detail: { operation: action, participants: people.value },
  }
  const done = await act(
    call,
    { deed, question: ({ groups }) => groups.participants(group.value, action, willing.value) },
    deps,
  )
  if (done.kind === 'problem') return done
  return json(done.value.map(({ participant, refusal = 0 }) => ({ JID: jidOf(participant), Error: refusal })))
}

async function joined(call: Call, deps: SocialDeps): Promise<Answer> {
  const allowed = await asked(call, { read: readNothing, action: READ }, deps)
  if (allowed.kind === 'problem') return allowed
  const groups = await ask(call, deps, ({ groups }) => groups.list())
  return groups.kind === 'problem' ? groups : json(groups.value.map(groupInfo))
}

function told(group: Parsed<Group>): Answer {
  return group.kind === 'problem' ? group : json(groupInfo(group.value))
}
