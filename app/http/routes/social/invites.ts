import { parseRecipient } from '../../../model/chat.ts'
import type { Social } from '../../../whatsapp/social/social.ts'
import { type Answer, invalid, json, type Parsed, parsed } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { JOIN_SCHEMA, type JoinBody } from '../../schemas/group.ts'
import { inviteCodeOf, inviteJson } from '../../wire/group.ts'
import { type Route, V1_SITES } from '../route.ts'
import { groupIn, touchesGroup } from './named.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const INVITE = '/v1/accounts/:account/groups/:group/invite'
const JOIN = '/v1/accounts/:account/groups/join'
const readBody = bodyReader<JoinBody>(JOIN_SCHEMA)
const WRITE = 'groups.write'

/** Invite links: to show, to make anew, and to follow. */
export function inviteRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const ofGroup = (action: string) => ({ kind: 'account', action, touches: touchesGroup }) as const
  const joining = { kind: 'account', action: WRITE } as const
  return [
    { method: 'get', path: INVITE, sites, access: ofGroup('groups.read'), handle: call => show(call, deps) },
    { method: 'delete', path: INVITE, sites, access: ofGroup(WRITE), handle: call => reset(call, deps) },
    { method: 'post', path: JOIN, sites, access: joining, handle: call => join(call, deps) },
  ]
}

async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const code = await ask(call, deps, ({ groups }) => groups.inviteCode(group.value))
  return code.kind === 'problem' ? code : json(inviteJson(code.value))
}

async function reset(call: Call, deps: SocialDeps): Promise<Answer> {
  const group = groupIn(call)
  if (group.kind === 'problem') return group
  const deed = { action: WRITE, target: group.value, detail: { operation: 'reset-invite' } }
  const code = await act(call, { deed, question: ({ groups }) => groups.resetInvite(group.value) }, deps)
  return code.kind === 'problem' ? code : json(inviteJson(code.value))
}

type Joined = { readonly group: string | null; readonly status: 'joined' | 'requested' }

async function join(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = readBody(call.request.body)
  if (body.kind === 'problem') return body
  const question = questionOf(call, body.value)
  if (question.kind === 'problem') return question
  const deed = { action: WRITE, detail: { operation: 'join' } }
  const joined = await act(call, { deed, question: question.value }, deps)
  return joined.kind === 'problem' ? joined : json(joined.value)
}

function questionOf(
  call: Call,
  { code: text, group, from: sender = '', expires_at: end = '' }: JoinBody,
): Parsed<(social: Social) => Promise<Joined>> {
  const code = inviteCodeOf(text)
  if (code === undefined) return invalid('$.code', 'must be the code of an invite link, or the link')
  if (group === undefined) return parsed(social => follow(social, code))
  const recipient = parseRecipient(sender, call.policy.snapshot.phoneRule)
  if (recipient?.kind !== 'contact') return invalid('$.from', 'must be a phone number in international form')
  const from = recipient.chat
  const expiresAt = new Date(end)
  if (Number.isNaN(expiresAt.getTime())) return invalid('$.expires_at', 'must be an instant that exists')
  return parsed(async ({ groups }) => {
    await groups.accept({ group, code, from, expiresAt })
    return { group, status: 'joined' }
  })
}

async function follow({ groups }: Social, code: string): Promise<Joined> {
  const group = await groups.join(code)
  return group === undefined ? { group: null, status: 'requested' } : { group, status: 'joined' }
}
