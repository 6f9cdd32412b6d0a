import { invalid, type Parsed, parsed } from '../../answer.ts'
import { bodyReader } from '../../schemas/body.ts'
import { WSPOUT_SCHEMA } from './schema.ts'

type File = {
  readonly url?: string
  readonly b64?: string
  readonly caption?: string
  readonly filename?: string
  readonly fileName?: string
  readonly seconds?: number
  readonly isPTT?: boolean
}

/** The body of `wspout`: one message, by the member that is there. */
export type WspoutBody = {
  readonly jid: string
  readonly caption?: string
  readonly text?: string
  readonly link?: {
    readonly title?: string
    readonly text?: string
    readonly url: string
    readonly description?: string
  }
  readonly contact?: { readonly displayName: string; readonly vcard: string }
  readonly location?: Readonly<Record<string, unknown>>
} & { readonly [Kind in FileKind]?: File }

const FILE_KINDS = ['image', 'video', 'document', 'audio'] as const
export type FileKind = (typeof FILE_KINDS)[number]

export const readWspout = bodyReader<WspoutBody>(WSPOUT_SCHEMA)

/** A message as `/v1` reads it, but for a file that came with it and has no id yet. */
export type Outline = { readonly object: object; readonly file?: FileIn }
export type FileIn = { readonly kind: FileKind; readonly base64: string; readonly filename?: string }

/** What is to be sent; `wspout` has a member for each kind, and one of them is there. */
export function outlineOf(body: WspoutBody): Parsed<Outline> {
  const { jid: to, caption: _, ...members } = body
  const kinds = Object.keys(members)
  if (kinds.length !== 1)
    return invalid(
      '$',
      `must have one of text, link, image, video, document, audio, contact and location, not ${kinds.length}`,
    )
  const { text, link, contact, location } = members
  if (text !== undefined) return parsed({ object: { to, type: 'text', text: { body: text } } })
  if (link !== undefined) return parsed({ object: { to, type: 'text', text: { body: linkText(link) } } })
  if (location !== undefined) return parsed({ object: { to, type: 'location', location } })
  if (contact !== undefined) {
    const card = { name: { formatted_name: contact.displayName }, vcard: contact.vcard }
    return parsed({ object: { to, type: 'contacts', contacts: [card] } })
  }
  const kind = FILE_KINDS.find(each => members[each] !== undefined)
  return kind === undefined ? invalid('$', 'says nothing') : fileOutline(body, kind, members[kind] ?? {})
}

/** The preview of a link is left to whoever reads it: its words are sent as words. */
function linkText({ title, text, url, description }: NonNullable<WspoutBody['link']>): string {
  const lines = [title, text, description].filter((line): line is string => line !== undefined && line !== '')
  return lines.some(line => line.includes(url)) ? lines.join('\n') : [...lines, url].join('\n')
}

function fileOutline({ jid: to, caption: above }: WspoutBody, kind: FileKind, file: File): Parsed<Outline> {
  const { url, b64, caption = above, filename, fileName = filename, isPTT } = file
  if ((url === undefined) === (b64 === undefined)) return invalid(`$.${kind}`, 'must have either url or b64')
  const about = {
    ...(kind === 'audio' || caption === undefined ? {} : { caption }),
    ...(kind === 'document' && fileName !== undefined ? { filename: fileName } : {}),
    ...(kind === 'audio' && isPTT === true ? { voice: true } : {}),
  }
  if (b64 === undefined) return parsed({ object: { to, type: kind, [kind]: { link: url, ...about } } })
  const named = fileName === undefined ? {} : { filename: fileName }
  return parsed({ object: { to, type: kind, [kind]: about }, file: { kind, base64: b64, ...named } })
}
