import type { Taken } from '../../media/library.ts'
import { type MediaItem, plainMime, touchedBy } from '../../model/media.ts'
import { type Answer, invalid, json, type Parsed, type Problem, parsed, problem } from '../answer.ts'
import { authorize, couldAllow, permit, takeRequestLimits, unknownAccount } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { claimHolds } from '../uploads/claim.ts'
import { rangeOf } from '../uploads/range.ts'
import { readUpload, type Upload } from '../uploads/read-upload.ts'
import { mediaHeaders, mediaJson } from '../wire/media.ts'
import { type Route, V1_SITES } from './route.ts'

export type MediaDeps = Pick<HttpDeps, 'library' | 'store' | 'limiter' | 'route' | 'now'>

const ALL = '/v1/accounts/:account/media'
const ONE = '/v1/accounts/:account/media/:id'
const MAX_FILENAME = 255

/** Files to be sent, and those that were received. What a rule says of them depends on what they are, so each route asks. */
export function mediaRoutes(deps: MediaDeps): readonly Route[] {
  const common = (action: string) => ({ sites: V1_SITES, access: { kind: 'itself', action } }) as const
  return [
    { method: 'post', path: ALL, ...common('media.write'), body: 'raw', handle: call => upload(call, deps) },
    { method: 'get', path: ONE, ...common('media.read'), handle: call => download(call, deps) },
    { method: 'delete', path: ONE, ...common('media.write'), handle: call => remove(call, deps) },
  ]
}

async function upload(call: Call, deps: MediaDeps): Promise<Answer> {
  const taken = await takeIn(call, deps)
  if (taken.kind === 'problem') return taken
  const { account, id } = taken.value
  const location = `/v1/accounts/${encodeURIComponent(account)}/media/${id}`
  return json(mediaJson(taken.value), 201, { Location: location })
}

/** Takes in the file of a request for the account that the path names, whatever API it was sent to. */
export async function takeIn(call: Call, deps: MediaDeps): Promise<Parsed<MediaItem>> {
  const account = param(call, 'account')
  const refused = await beforeBody(call, account, deps)
  if (refused !== undefined) return refused
  const sent = await readUpload(call.request)
  if (sent.kind === 'problem') return sent
  const filename = filenameOf(call, sent.value)
  if (filename.kind === 'problem') return filename
  const { maxUploadBytes } = call.policy.snapshot.edge.limits
  const taken = await deps.library.take(sent.value.bytes, maxUploadBytes)
  switch (taken.kind) {
    case 'too-large':
      return problem(
        'too-large',
        `The file is larger than the ${maxUploadBytes} bytes that are taken.`,
        AT_BODY,
      )
    case 'empty':
      return invalid('$', 'is empty')
    case 'refused':
      return invalid('$', taken.reason)
    case 'taken':
      return await keepTaken(call, { account, taken, claimed: sent.value.claimed, ...filename.value }, deps)
  }
}

const AT_BODY = { errors: [{ path: '$', message: 'is too large' }], headers: { Connection: 'close' } }

/** What can be known before anything is read: nobody's file is taken in who may send none. */
async function beforeBody(call: Call, account: string, deps: MediaDeps): Promise<Problem | undefined> {
  const unknown = unknownAccount(call, account)
  if (unknown === undefined && couldAllow(call, 'media.write', { account }))
    return await takeRequestLimits(call, deps)
  return (await authorize(call, 'media.write', { account }, deps)) ?? unknown
}

type Kept = { account: string; taken: Taken; claimed: string | undefined; filename?: string }

/** Keeps a file that was taken in, where the policy agrees to what it has turned out to be; drops it where not. */
export async function keepTaken(
  call: Call,
  { account, taken, claimed, filename }: Kept,
  deps: MediaDeps,
): Promise<Parsed<MediaItem>> {
  const { mimeType, size } = taken.traits
  const refused = claimHolds(claimed, mimeType)
    ? await permit(call, 'media.write', { account, size, mime: plainMime(mimeType) }, deps)
    : invalid('content-type', `does not fit: by its content the file is ${mimeType}`)
  if (refused !== undefined) {
    await taken.drop()
    return refused
  }
  const principal = call.principal.name
  return parsed(await taken.keep({ account, principal, ...(filename === undefined ? {} : { filename }) }))
}

async function download(call: Call, deps: MediaDeps): Promise<Answer> {
  const found = await find(call, { action: 'media.read' }, deps)
  if (found.kind === 'problem') return found
  if (call.request.accepts(['*/*', 'application/json']) === 'application/json')
    return json(mediaJson(found.value))
  return await bytesOf(call, found.value, deps)
}

/** The bytes of a file, or the part of them that is asked for. */
export async function bytesOf(call: Call, item: MediaItem, deps: MediaDeps): Promise<Answer> {
  const brought = await deps.library.bring(item)
  switch (brought.kind) {
    case 'gone':
      return problem('gone', `The file cannot be had any more: ${brought.reason}.`)
    case 'failed':
      return problem('not-ready', `The file cannot be fetched now: ${brought.reason}.`, RETRY)
    case 'here': {
      const { file } = brought.item
      const span = rangeOf(call.request, file.size)
      return {
        kind: 'file',
        size: file.size,
        span,
        open: part => deps.library.open(file, part),
        headers: mediaHeaders(brought.item),
      }
    }
  }
}

const RETRY = { headers: { 'Retry-After': '30' } }

async function remove(call: Call, deps: MediaDeps): Promise<Answer> {
  const found = await find(call, { action: 'media.write' }, deps)
  if (found.kind === 'problem') return found
  return (await removed(found.value, deps)) ?? json({ id: found.value.id, deleted: true })
}

/** Removes a file; the problem where it must stay. */
export async function removed(
  { account, id }: MediaItem,
  { library }: MediaDeps,
): Promise<Problem | undefined> {
  switch (await library.remove(account, id)) {
    case 'removed':
      return undefined
    case 'unknown':
      return UNKNOWN
    case 'awaited':
      return problem('conflict', 'A message that is still to be sent carries this file.')
  }
}

/** The item whose id the path names, once the policy has agreed to this action on it. */
export async function find(
  call: Call,
  { action, account = param(call, 'account') }: { readonly action: string; readonly account?: string },
  deps: MediaDeps,
): Promise<Parsed<MediaItem>> {
  const known = unknownAccount(call, account) === undefined
  const item = known ? await deps.library.get(account, param(call, 'id')) : undefined
  const refused = await authorize(call, action, item === undefined ? { account } : touchedBy(item), deps)
  if (refused !== undefined) return refused
  return item === undefined ? UNKNOWN : parsed(item)
}

const UNKNOWN = problem('not-found', 'There is no file of this id in this account.')

/** The name is the form's, or the query's where the body is the file. */
function filenameOf(call: Call, { filename }: Upload): Parsed<{ filename?: string }> {
  const asked = call.request.query.filename ?? filename
  if (asked === undefined) return parsed({})
  const fits = typeof asked === 'string' && asked !== '' && asked.length <= MAX_FILENAME && isPlain(asked)
  return fits
    ? parsed({ filename: asked })
    : invalid('filename', `must have 1 to ${MAX_FILENAME} characters, and no slash or control character`)
}

function isPlain(name: string): boolean {
  return name.isWellFormed() && !/[/\\\p{Cc}]/u.test(name)
}
