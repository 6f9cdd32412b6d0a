import type { proto } from '@whiskeysockets/baileys'
import { base64Of, type Kinds, present } from './kind.ts'
import { readMembers } from './members.ts'

const URL = /https?:\/\/\S+/
const DEFAULT_TITLE = 'A page'

/** Texts, with or without the preview of a link that the sender made. */
export const textKinds: Kinds = {
  text: {
    read({ conversation, extendedTextMessage: extended }) {
      if (extended != null) {
        const content = present({ body: extended.text ?? '', preview: previewOf(extended) })
        return { content: { body: '', ...content }, contextInfo: extended.contextInfo }
      }
      return typeof conversation === 'string' && conversation !== ''
        ? { content: { body: conversation } }
        : undefined
    },
    write(member) {
      const { body, preview_url, preview } = readMembers(
        member,
        { body: 'string', preview_url: 'boolean?', preview: 'any?' },
        'text',
      )
      const link = URL.exec(body)?.[0]
      if (preview === undefined && (preview_url !== true || link === undefined)) return { conversation: body }
      return { extendedTextMessage: { text: body, ...writtenPreview(preview ?? {}, link) } }
    },
  },
}

function writtenPreview(preview: unknown, link: string | undefined): proto.Message.IExtendedTextMessage {
  const { url, title, description, thumbnail } = readMembers(
    preview,
    { url: 'string?', title: 'string?', description: 'string?', thumbnail: 'base64?' },
    'text.preview',
  )
  return {
    matchedText: url ?? link ?? null,
    title: title ?? DEFAULT_TITLE,
    description: description ?? null,
    previewType: 0,
    ...(thumbnail === undefined ? {} : { jpegThumbnail: Buffer.from(thumbnail, 'base64') }),
  }
}

function previewOf(text: proto.Message.IExtendedTextMessage): unknown {
  const { matchedText, title, description, jpegThumbnail } = text
  const preview = present({ url: matchedText, title, description, thumbnail: base64Of(jpegThumbnail) })
  return Object.keys(preview).length === 0 ? undefined : preview
}
