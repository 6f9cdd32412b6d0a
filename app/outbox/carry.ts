import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { Secret } from '../lib/secret.ts'
import type { KeptItem } from '../media/fetcher.ts'
import type { Library } from '../media/library.ts'
import { fetchLink, type Link } from '../media/link.ts'
import type { Actor } from '../model/audit.ts'
import { fileFault, isVoice } from '../model/content/file.ts'
import type { Download } from '../model/egress-port.ts'
import { type MediaItem, touchedBy } from '../model/media.ts'
import { type Media, type MediaContent, mediaIn } from '../model/message.ts'
import type { Meter } from '../model/meter.ts'
import type { GestureFault } from '../model/target.ts'
import { decide } from '../policy/decide/decide.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'

export type CarryDeps = {
  readonly library: Pick<Library, 'take' | 'get' | 'bring' | 'remove'>
  readonly download: Download
  readonly readSecret: (ref: string) => Secret
  readonly meter: Pick<Meter, 'linked'>
  readonly log: Log
}

/** Who wants to send which file, from which account. */
export type Carrying = {
  readonly actor: Actor
  readonly account: string
  readonly content: MediaContent
  readonly at: Date
  readonly snapshot: PolicySnapshot
}

/** The content with all that is known of its file; `undo` takes back what was fetched for it. */
export type Carried =
  | { readonly kind: 'carried'; readonly content: MediaContent; undo(): Promise<void> }
  | GestureFault

/** Finds the file that a message is to carry: in the library, or behind a link, and looks whether the type can carry it. */
export type Carry = (carrying: Carrying) => Promise<Carried>

type Found = { readonly kind: 'found'; readonly item: KeptItem; undo(): Promise<void> } | Failed
type Failed = { readonly kind: 'fault'; readonly message: string }

export function createCarry(deps: CarryDeps): Carry {
  return async carrying => {
    const { type } = carrying.content
    const { id, link = '', voice } = mediaIn(carrying.content) ?? {}
    const found = id === undefined ? await linked(link, carrying, deps) : await uploaded(id, carrying, deps)
    const path = `$.${type}.${id === undefined ? 'link' : 'id'}`
    if (found.kind === 'fault') return { kind: 'unfit', path, message: found.message }
    const { item, undo } = found
    const fault = fileFault(type, item)
    if (fault === undefined && (voice !== true || isVoice(item)))
      return { kind: 'carried', content: withFile(carrying.content, item), undo }
    await undo()
    return fault === undefined
      ? {
          kind: 'unfit',
          path: `$.${type}.voice`,
          message: `is for Opus in Ogg alone, and the file is ${item.mimeType}`,
        }
      : { kind: 'unfit', path, message: fault }
  }
}

const UNKNOWN: Failed = { kind: 'fault', message: 'is no file of this account that is still kept' }

async function uploaded(id: string, carrying: Carrying, { library }: CarryDeps): Promise<Found> {
  const item = await library.get(carrying.account, id)
  if (item === undefined || !mayUse(item, carrying)) return UNKNOWN
  const brought = await library.bring(item)
  switch (brought.kind) {
    case 'here':
      return { kind: 'found', item: brought.item, undo: async () => {} }
    case 'gone':
      return UNKNOWN
    case 'failed':
      return { kind: 'fault', message: `cannot be fetched from WhatsApp now: ${brought.reason}` }
  }
}

/** What somebody else has brought, or was received, is for those alone who may read it. */
function mayUse(item: MediaItem, { actor, at, snapshot }: Carrying): boolean {
  const { principal, ip } = actor
  if (principal === item.principal || principal === 'system') return true
  const asked = { principal, action: 'media.read', ...touchedBy(item), at }
  return decide(snapshot, { ...asked, ...(ip === undefined ? {} : { ip }) }).effect === 'allow'
}

async function linked(url: string, carrying: Carrying, deps: CarryDeps): Promise<Found> {
  const { account, actor } = carrying
  const fetched = await fetchLink(linkOf(url, carrying, deps), deps)
  deps.meter.linked(account, fetched.kind)
  if (fetched.kind !== 'taken') {
    const { kind, reason, detail = reason } = fetched
    deps.log.warn('link.not_fetched', { account, principal: actor.principal, kind, reason: detail })
    return { kind: 'fault', message: reason }
  }
  const item = await fetched.keep({ account, principal: actor.principal, ...nameIn(url) })
  const undo = async () => {
    await deps.library.remove(account, item.id)
  }
  return { kind: 'found', item, undo }
}

function linkOf(url: string, { account, snapshot }: Carrying, { readSecret, log }: CarryDeps): Link {
  const { linkCidrs = [], linkCaRef } = snapshot.accounts.get(account) ?? {}
  const link = { url, maxBytes: snapshot.edge.limits.maxUploadBytes, allowCidrs: linkCidrs }
  if (linkCaRef === undefined) return link
  try {
    return { ...link, ca: readSecret(linkCaRef).reveal().toString('utf8') }
  } catch (error) {
    log.error('link.ca_unread', { account, reason: reasonOf(error) })
    return link // whom only that CA vouches for is not trusted
  }
}

const MAX_NAME = 255

/** The last part of the path, where it looks like the name of a file. */
function nameIn(url: string): { filename?: string } {
  const last = URL.parse(url)?.pathname.split('/').at(-1) ?? ''
  return /^[\w.-]+\.\w+$/.test(last) && last.length <= MAX_NAME ? { filename: last } : {}
}

/** The member says of itself what the caller asked for, and all else as the file is. */
function withFile(content: MediaContent, item: KeptItem): MediaContent {
  const { link: _, filename = item.filename, ...asked } = mediaIn(content) ?? {}
  const { id, mimeType: mime_type, sha256, size, width, height, animated } = item
  const member: Media = {
    ...asked,
    ...{ id, mime_type, sha256, size },
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(animated === undefined ? {} : { animated }),
    ...(content.type === 'document' && filename !== undefined ? { filename } : {}),
  }
  return { ...content, [content.type]: member } as MediaContent
}
