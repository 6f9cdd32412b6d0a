import type { MediaItem } from '../../../model/media.ts'
import { type Answer, json, type Parsed, problem } from '../../answer.ts'
import { takeRequestLimits, unknownAccount } from '../../authorize.ts'
import { type Call, param } from '../../hop/call.ts'
import { bytesOf, find, type MediaDeps, removed, takeIn } from '../../routes/media.ts'
import type { Route } from '../../routes/route.ts'

const ALL = '/graph/:version/:account/media'

/** Files: taken in, given out through an address of their own, removed. What is neither file nor account is answered here. */
export function graphFileRoutes(deps: MediaDeps): readonly Route[] {
  const common = (action: string) => ({ sites: [], access: { kind: 'itself', action } }) as const
  return [
    { method: 'post', path: ALL, ...common('media.write'), body: 'raw', handle: call => upload(call, deps) },
    { method: 'get', path: `${ALL}/:id`, ...common('media.read'), handle: call => download(call, deps) },
    {
      method: 'delete',
      path: '/graph/:version/:id',
      ...common('media.write'),
      handle: call => remove(call, deps),
    },
  ]
}

async function upload(call: Call, deps: MediaDeps): Promise<Answer> {
  const taken = await takeIn(call, deps)
  return taken.kind === 'problem' ? taken : json({ id: taken.value.id })
}

async function download(call: Call, deps: MediaDeps): Promise<Answer> {
  const found = await find(call, { action: 'media.read' }, deps)
  return found.kind === 'problem' ? found : await bytesOf(call, found.value, deps)
}

async function remove(call: Call, deps: MediaDeps): Promise<Answer> {
  const found = await findAnywhere(call, 'media.write', deps)
  if (found.kind === 'problem') return found
  return (await removed(found.value, deps)) ?? json({ success: true })
}

/** `GET …/{media id}`: what a file is, and where its bytes are had with the same credential. */
export async function describeFile(call: Call, deps: MediaDeps): Promise<Answer> {
  const found = await findAnywhere(call, 'media.read', deps)
  if (found.kind === 'problem') return found
  const { id, account, mimeType, sha256, size } = found.value
  const { address = '' } = call.policy.snapshot.edge.sites[call.site] ?? {}
  const path = ['graph', param(call, 'version'), account, 'media', id].map(encodeURIComponent).join('/')
  return json({
    messaging_product: 'whatsapp',
    url: `${address}/${path}`,
    mime_type: mimeType ?? null,
    sha256: sha256 ?? null,
    file_size: size ?? null,
    id,
  })
}

/** The path names a file alone, so that it is looked for with each account that the caller knows, or the one it names. */
async function findAnywhere(call: Call, action: string, deps: MediaDeps): Promise<Parsed<MediaItem>> {
  const { phone_number_id: named } = call.request.query
  const accounts = [...call.policy.snapshot.accounts.keys()].filter(
    account => (named === undefined || named === account) && unknownAccount(call, account) === undefined,
  )
  for (const account of accounts) {
    const item = await deps.library.get(account, param(call, 'id'))
    if (item !== undefined) return await find(call, { action, account }, deps)
  }
  return (await takeRequestLimits(call, deps)) ?? NOTHING
}

const NOTHING = problem('not-found', 'There is no file and no account of this id.')
