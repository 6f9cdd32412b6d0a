import { type ContactCard, vcardFault } from '../../model/content/contact-card.ts'
import type { AskedContent } from '../../model/message.ts'
import { invalid, type Parsed, type Problem, parsed } from '../answer.ts'
import type { ContactsBody, FileBody, MemberBody } from '../schemas/message.ts'
import type { FileMember } from '../schemas/message-files.ts'

/** What a schema cannot say about the member that a type names. */
export function memberOf(body: MemberBody | ContactsBody | FileBody): Parsed<AskedContent> {
  switch (body.type) {
    case 'image':
      return fileFault('image', body.image) ?? parsed({ type: body.type, image: body.image, ...onceOf(body) })
    case 'video':
      return fileFault('video', body.video) ?? parsed({ type: body.type, video: body.video, ...onceOf(body) })
    case 'audio':
      return fileFault('audio', body.audio) ?? parsed({ type: body.type, audio: body.audio, ...onceOf(body) })
    case 'document':
      return fileFault('document', body.document) ?? parsed({ type: body.type, document: body.document })
    case 'sticker':
      return fileFault('sticker', body.sticker) ?? parsed({ type: body.type, sticker: body.sticker })
    case 'location':
      return parsed({ type: body.type, location: body.location })
    case 'contacts':
      return cardsFault(body.contacts) ?? parsed({ type: body.type, contacts: body.contacts })
    case 'reaction':
      return isEmoji(body.reaction.emoji)
        ? parsed({ type: body.type, reaction: body.reaction })
        : invalid('$.reaction.emoji', 'must be one emoji, or empty to take it back')
    case 'poll': {
      const { name, options, selectable_count = 0 } = body.poll
      return selectable_count <= options.length
        ? parsed({ type: body.type, poll: { name, options, selectable_count } })
        : invalid(
            '$.poll.selectable_count',
            `must be at most ${options.length}, as many as there are options`,
          )
    }
    case 'edit':
      return parsed({ type: body.type, edit: body.edit })
    case 'revoke':
      return parsed({ type: body.type, revoke: body.revoke })
    case 'pin': {
      const { pinned = true, seconds, message_id } = body.pin
      if (!pinned && seconds !== undefined)
        return invalid('$.pin.seconds', 'is of no use where a pin is taken out')
      const lasts = seconds === undefined ? {} : { seconds }
      return parsed({ type: body.type, pin: { message_id, pinned, ...lasts } })
    }
    case 'forward':
      return parsed({ type: body.type, forward: body.forward })
  }
}

/** A file is named in one way. */
function fileFault(type: string, { id, link }: FileMember): Problem | undefined {
  if (id === undefined && link === undefined) return invalid(`$.${type}`, 'must have an id or a link')
  return id === undefined || link === undefined
    ? undefined
    : invalid(`$.${type}`, 'must have an id or a link, not both')
}

function onceOf({ view_once }: FileBody): { view_once?: true } {
  return view_once === true ? { view_once } : {}
}

/** WhatsApp shows nothing else as a reaction. Some keyboards leave out the mark that asks for the coloured form. */
function isEmoji(text: string): boolean {
  return text === '' || /^\p{RGI_Emoji}$/v.test(text) || /^\p{RGI_Emoji}$/v.test(`${text}\uFE0F`)
}

function cardsFault(cards: readonly ContactCard[]): Problem | undefined {
  for (const [index, { vcard, birthday }] of cards.entries()) {
    const fault = vcard === undefined ? undefined : vcardFault(vcard)
    if (fault !== undefined) return invalid(`$.contacts[${index}].vcard`, fault)
    if (birthday !== undefined && !isDay(birthday))
      return invalid(`$.contacts[${index}].birthday`, 'must be a day of the calendar')
  }
  return undefined
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
