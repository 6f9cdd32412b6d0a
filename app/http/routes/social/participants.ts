import { type Answer, json } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { PARTICIPANTS_SCHEMA, type ParticipantsBody } from '../../schemas/group.ts'
import { joinRequestJson, participantOutcomeJson } from '../../wire/group.ts'
import { type Route, V1_SITES } from '../route.ts'
import { groupIn, peopleIn, touchesGroup, wanting } from './named.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const ONE = '/v1/accounts/:account/groups/:group'
const readBody = bodyReader<ParticipantsBody>(PARTICIPANTS_SCHEMA)
const WRITE = 'groups.write'

/** Who is in a group, and who wants to be. */
export function participantRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const access = (action: string) => ({ kind: 'account', action, touches: touchesGroup }) as const
  return [
    {
      ...{ method: 'post', path: `${ONE}/participants`, sites, access: access(WRITE) },
      handle: call => change(call, deps),
    },
    {
      ...{ method: 'get', path: `${ONE}/requests`, sites, access: access('groups.read') },
      handle: call => requests(call, deps),
    },
  ]
}

/** Answers for each person: one may be refused and the others not. */
async function change(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const body = readBody(call.request.body)
  if (body.kind === 'problem') return body
  const { action, participants: list } = body.value
  const path = '$.participants'
  const people = await peopleIn(call, { list, path }, deps)
  if (people.kind === 'problem') return people
  const willing = action === 'add' ? await wanting(people.value, path, deps) : people
  if (willing.kind === 'problem') return willing
  const outcomes = await act(
    call,
    {
      question: ({ groups }) => groups.participants(group.value, action, willing.value),
      deed: { action: WRITE, target: group.value, detail: { operation: action, participants: people.value } },
    },
    deps,
  )
  return outcomes.kind === 'problem'
    ? outcomes
    : json({ data: outcomes.value.map(participantOutcomeJson), next: null })
}

async function requests(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const asked = await ask(call, deps, ({ groups }) => groups.requests(group.value))
  return asked.kind === 'problem' ? asked : json({ data: asked.value.map(joinRequestJson), next: null })
}
