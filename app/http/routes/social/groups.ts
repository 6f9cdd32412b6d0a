import type { Group, GroupSettings } from '../../../model/group.ts'
import type { NewGroup } from '../../../whatsapp/social/groups.ts'
import { type Answer, invalid, json, type Parsed, parsed } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import {
  GROUP_CHANGE_SCHEMA,
  type GroupChangeBody,
  NEW_GROUP_SCHEMA,
  type NewGroupBody,
} from '../../schemas/group.ts'
import { BY_ID } from '../../schemas/queries.ts'
import { queryReader } from '../../schemas/query.ts'
import { groupJson, groupSummaryJson } from '../../wire/group.ts'
import { type Route, V1_SITES } from '../route.ts'
import { groupIn, pageById, peopleIn, touchesGroup, wanting } from './named.ts'
import { readPicture } from './picture.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const LIST = '/v1/accounts/:account/groups'
const ONE = '/v1/accounts/:account/groups/:group'
const readList = queryReader(BY_ID)
const readNew = bodyReader<NewGroupBody>(NEW_GROUP_SCHEMA)
const readChange = bodyReader<GroupChangeBody>(GROUP_CHANGE_SCHEMA)
const WRITE = 'groups.write'

/** Groups and communities: which there are, how they are, and what admins set. */
export function groupRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const reading = { kind: 'account', action: 'groups.read' } as const
  const readingOne = { ...reading, touches: touchesGroup }
  const writing = { kind: 'account', action: WRITE } as const
  const writingOne = { ...writing, touches: touchesGroup }
  return [
    { method: 'get', path: LIST, sites, access: reading, handle: call => list(call, deps) },
    { method: 'post', path: LIST, sites, access: writing, handle: call => create(call, deps) },
    { method: 'get', path: ONE, sites, access: readingOne, handle: call => show(call, deps) },
    { method: 'patch', path: ONE, sites, access: writingOne, handle: call => change(call, deps) },
    { method: 'delete', path: ONE, sites, access: writingOne, handle: call => leave(call, deps) },
  ]
}

/** WhatsApp tells all at once; they are shown in the order of their ids, so that pages fit together. */
async function list(call: Call, deps: SocialDeps): Promise<Answer> {
  const query = readList(call.request)
  if (query.kind === 'problem') return query
  const groups = await ask(call, deps, ({ groups }) => groups.list())
  if (groups.kind === 'problem') return groups
  const { page, next } = pageById(groups.value, query.value)
  return json({ data: page.map(groupSummaryJson), next })
}

async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const found = await ask(call, deps, ({ groups }) => groups.get(group.value))
  return found.kind === 'problem' ? found : json(groupJson(found.value))
}

async function create(call: Call, deps: SocialDeps): Promise<Answer> {
  const wanted = await readWanted(call, deps)
  if (wanted.kind === 'problem') return wanted
  const { isCommunity, ...group } = wanted.value
  const made = await act<Group>(
    call,
    {
      question: async ({ groups }) =>
        isCommunity ? await groups.get(await groups.createCommunity(group)) : await groups.create(group),
      deed: { action: WRITE, detail: { operation: isCommunity ? 'create-community' : 'create' } },
    },
    deps,
  )
  return made.kind === 'problem' ? made : json(groupJson(made.value), 201)
}

async function readWanted(
  call: Call,
  deps: SocialDeps,
): Promise<Parsed<NewGroup & { readonly isCommunity: boolean }>> {
  const body = readNew(call.request.body)
  if (body.kind === 'problem') return body
  const { subject, description, participants = [], community, is_community: isCommunity = false } = body.value
  if (isCommunity && community !== undefined)
    return invalid('$.community', 'cannot be given with is_community')
  if (isCommunity && participants.length > 0)
    return invalid('$.participants', 'cannot be given with is_community: people join by its groups')
  const path = '$.participants'
  const people = await peopleIn(call, { list: participants, path }, deps)
  if (people.kind === 'problem') return people
  const willing = await wanting(people.value, path, deps)
  if (willing.kind === 'problem') return willing
  return parsed({
    ...{ subject, participants: willing.value, isCommunity },
    ...(description ? { description } : {}),
    ...(community === undefined ? {} : { community }),
  })
}

async function change(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const body = readChange(call.request.body)
  if (body.kind === 'problem') return body
  const { add_mode: addMode, ephemeral_seconds: ephemeralSeconds, picture: given, ...rest } = body.value
  const picture = readPicture(given)
  if (picture.kind === 'problem') return picture
  const settings: Partial<GroupSettings> = {
    ...rest,
    ...(addMode === undefined ? {} : { addMode }),
    ...(ephemeralSeconds === undefined ? {} : { ephemeralSeconds }),
  }
  const deed = {
    action: WRITE,
    target: group.value,
    detail: { operation: 'change', members: Object.keys(body.value) },
  }
  const changed = await act(
    call,
    {
      deed,
      async question({ groups, profile }) {
        await groups.change(group.value, settings)
        if (picture.value !== undefined) await profile.setPicture(picture.value, group.value)
        return await groups.get(group.value)
      },
    },
    deps,
  )
  return changed.kind === 'problem' ? changed : json(groupJson(changed.value))
}

async function leave(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const deed = { action: WRITE, target: group.value, detail: { operation: 'leave' } }
  const left = await act(call, { deed, question: ({ groups }) => groups.leave(group.value) }, deps)
  return left.kind === 'problem' ? left : json({ id: group.value, left: true })
}
