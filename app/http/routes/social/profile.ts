import type { OwnProfile } from '../../../whatsapp/social/profile.ts'
import { type Answer, json } from '../../answer.ts'
import type { Call } from '../../hop/call.ts'
import { bodyReader } from '../../schemas/body.ts'
import { PROFILE_SCHEMA, type ProfileBody } from '../../schemas/social.ts'
import { type Route, V1_SITES } from '../route.ts'
import { readPicture } from './picture.ts'
import { act, ask, type SocialDeps } from './whatsapp.ts'

const PATH = '/v1/accounts/:account/profile'
const readBody = bodyReader<ProfileBody>(PROFILE_SCHEMA)

/** What others see of the account. */
export function profileRoutes(deps: SocialDeps): readonly Route[] {
  const sites = V1_SITES
  const access = (action: string) => ({ kind: 'account', action }) as const
  return [
    { method: 'get', path: PATH, sites, access: access('accounts.read'), handle: call => show(call, deps) },
    { method: 'put', path: PATH, sites, access: access('accounts.manage'), handle: call => put(call, deps) },
  ]
}

async function show(call: Call, deps: SocialDeps): Promise<Answer> {
  const profile = await ask(call, deps, ({ profile }) => profile.get())
  return profile.kind === 'problem' ? profile : json(profileJson(profile.value))
}

/** What is not named stays as it is. */
async function put(call: Call, deps: SocialDeps): Promise<Answer> {
  const body = readBody(call.request.body)
  if (body.kind === 'problem') return body
  const { name, about, presence } = body.value
  const picture = readPicture(body.value.picture)
  if (picture.kind === 'problem') return picture
  const deed = {
    action: 'accounts.manage',
    detail: { operation: 'profile', members: Object.keys(body.value) },
  }
  const changed = await act<OwnProfile>(
    call,
    {
      deed,
      async question({ profile }) {
        if (name !== undefined) await profile.setName(name)
        if (about !== undefined) await profile.setAbout(about)
        if (picture.value !== undefined) await profile.setPicture(picture.value)
        if (presence !== undefined) await profile.setPresence(presence === 'available')
        return await profile.get()
      },
    },
    deps,
  )
  return changed.kind === 'problem' ? changed : json(profileJson(changed.value))
}

function profileJson({ name, about, pictureUrl }: OwnProfile): object {
  return { name: name ?? null, about: about ?? null, picture_url: pictureUrl ?? null }
}
