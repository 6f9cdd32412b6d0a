import { type FileTraits, plainMime } from '../media.ts'
import type { MediaType } from '../message.ts'

const VOICE = 'audio/ogg; codecs=opus'

/** What WhatsApp's apps show and play as each type, by the file's content. A document may be anything. */
const SHOWN: Readonly<Partial<Record<MediaType, readonly string[]>>> = {
  image: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
  video: ['video/mp4', 'video/3gpp'],
  audio: ['audio/aac', 'audio/amr', 'audio/mp4', 'audio/mpeg', VOICE],
  sticker: ['image/webp'],
}

/** Why a file cannot go as a message of a type, in words that follow where it is named; undefined when it can. */
export function fileFault(type: MediaType, { mimeType }: Pick<FileTraits, 'mimeType'>): string | undefined {
  const shown = SHOWN[type]
  if (shown === undefined || shown.some(each => each === mimeType || each === plainMime(mimeType)))
    return undefined
  const names = `${shown.slice(0, -1).join(', ')}${shown.length > 1 ? ' or ' : ''}${shown.at(-1)}`
  return `is ${mimeType} by its content; ${article(type)} must be ${names}, and a document may be anything`
}

/** WhatsApp's apps play nothing else where they show a voice note. */
export function isVoice({ mimeType }: Pick<FileTraits, 'mimeType'>): boolean {
  return mimeType === VOICE
}

function article(type: MediaType): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
