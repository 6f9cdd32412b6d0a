import type { AccountState } from '../../../model/account.ts'
import { type Answer, json, problem } from '../../answer.ts'
import { authorize, unknownAccount } from '../../authorize.ts'
import type { HttpDeps } from '../../deps.ts'
import { type Call, param } from '../../hop/call.ts'
import type { Route } from '../../routes/route.ts'
import { act, ask } from '../../routes/social/whatsapp.ts'
import { bodyReader } from '../../schemas/body.ts'
import { describeFile } from './files.ts'
import { PROFILE_SCHEMA } from './schema.ts'

const PROFILE = '/graph/:version/:account/whatsapp_business_profile'

const readProfile = bodyReader<{ readonly about: string }>(PROFILE_SCHEMA)

const STATUSES: Readonly<Record<AccountState, string>> = {
  open: 'CONNECTED',
  connecting: 'DISCONNECTED',
  closed: 'DISCONNECTED',
  paused: 'DISCONNECTED',
  pairing: 'PENDING',
  unlinked: 'UNVERIFIED',
  logged_out: 'UNVERIFIED',
}

/** An account as the phone number that it is for Cloud API, and what others see of it. */
export function graphProfileRoutes(deps: HttpDeps): readonly Route[] {
  const access = (action: string) => ({ kind: 'account', action }) as const
  return [
    {
      ...{ method: 'get', path: '/graph/:version/:id', sites: [] },
      access: { kind: 'itself', action: 'accounts.read' },
      handle: call => (isAccount(call) ? describeAccount(call, deps) : describeFile(call, deps)),
    },
    {
      ...{ method: 'get', path: PROFILE, sites: [], access: access('accounts.read') },
      handle: call => showProfile(call, deps),
    },
    {
      ...{ method: 'post', path: PROFILE, sites: [], access: access('accounts.manage') },
      handle: call => changeProfile(call, deps),
    },
  ]
}

function isAccount(call: Call): boolean {
  return call.policy.snapshot.accounts.has(param(call, 'id'))
}

async function describeAccount(call: Call, deps: HttpDeps): Promise<Answer> {
  const name = param(call, 'id')
  const refused = await authorize(call, 'accounts.read', { account: name }, deps)
  if (refused !== undefined) return refused
  const account = deps.sessions.get(name)
  if (account === undefined)
    return unknownAccount(call, name) ?? problem('not-ready', 'The account is starting.')
  const all = {
    display_phone_number: account.phone ?? null,
    verified_name: account.displayName ?? name,
    status: STATUSES[account.state],
    quality_rating: 'UNKNOWN',
  }
  return json({ ...wanted(call, all), id: name })
}

/** `fields=` names members; what is not told here is left out, as Graph API does. */
function wanted(call: Call, all: Readonly<Record<string, unknown>>): object {
  const { fields } = call.request.query
  if (typeof fields !== 'string' || fields === '') return all
  const names = fields.split(',')
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
}

async function showProfile(call: Call, deps: HttpDeps): Promise<Answer> {
  const asked = await ask(call, deps, ({ profile }) => profile.get())
  if (asked.kind === 'problem') return asked
  const { about, pictureUrl } = asked.value
  const all = {
    messaging_product: 'whatsapp',
    ...(about === undefined ? {} : { about }),
    ...(pictureUrl === undefined ? {} : { profile_picture_url: pictureUrl }),
  }
  return json({ data: [wanted(call, all)] })
}

async function changeProfile(call: Call, deps: HttpDeps): Promise<Answer> {
  const body = readProfile(call.request.body)
  if (body.kind === 'problem') return body
  const { about } = body.value
  const deed = { action: 'accounts.manage', detail: { operation: 'profile', members: ['about'] } }
  const done = await act(call, { deed, question: ({ profile }) => profile.setAbout(about) }, deps)
  return done.kind === 'problem' ? done : json({ success: true })
}
