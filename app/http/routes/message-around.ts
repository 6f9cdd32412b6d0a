import { type ChatKind, parseRecipient } from '../../model/chat.ts'
import type { Around } from '../../model/content/around.ts'
import { MEDIA_TYPES } from '../../model/message.ts'
import type { PhoneRule } from '../../model/phone.ts'
import { canGoTo } from '../../model/target.ts'
import { invalid, type Parsed, type Problem, parsed } from '../answer.ts'
import type { MessageBody } from '../schemas/message.ts'

/** What stands around a message, and who is shown it. */
export type Surroundings = {
  readonly around: Around
  readonly shown: { readonly audience?: readonly string[] }
}

/** Reads what stands beside the member that the type names, for a chat of this kind. */
export function aroundOf(body: MessageBody, kind: ChatKind, rule: PhoneRule): Parsed<Surroundings> {
  const misfit = misfitOf(body, kind)
  if (misfit !== undefined) return misfit
  const mentions = people('$.mentions', body.mentions, rule)
  if (mentions.kind === 'problem') return mentions
  const audience = people('$.audience', body.audience, rule)
  if (audience.kind === 'problem') return audience
  return parsed({
    around: {
      ...(body.context === undefined ? {} : { context: body.context }),
      ...(mentions.value === undefined ? {} : { mentions: mentions.value }),
    },
    shown: audience.value === undefined ? {} : { audience: audience.value },
  })
}

function misfitOf(body: MessageBody, kind: ChatKind): Problem | undefined {
  const { type = 'text', recipient_type: given = kind } = body
  if (given !== kind && (given !== 'individual' || kind !== 'contact'))
    return invalid('$.recipient_type', `does not fit: $.to is a ${kind}`)
  if (!canGoTo(type, kind)) return invalid('$.type', `cannot be sent to a ${kind}: ${whyNot(body, kind)}`)
  if (kind === 'status' && body.audience === undefined && type !== 'revoke')
    return invalid('$.audience', 'is missing: a status is shown to those whom it names')
  if (kind !== 'status' && body.audience !== undefined) return invalid('$.audience', 'is for a status alone')
  if (kind === 'status' && type === 'revoke' && body.audience !== undefined)
    return invalid('$.audience', 'is not asked for: a status is taken back from those who were shown it')
  const isPublic = kind === 'status' || kind === 'channel'
  if (isPublic && body.mentions !== undefined) return invalid('$.mentions', `are not for a ${kind}`)
  if (isPublic && body.context !== undefined) return invalid('$.context', `is not for a ${kind}`)
  if (isPublic && 'view_once' in body && body.view_once) return invalid('$.view_once', `is not for a ${kind}`)
  if (STANDS_ALONE.has(type) && body.mentions !== undefined)
    return invalid('$.mentions', `are not for a message of the type ${type}`)
  if (STANDS_ALONE.has(type) && body.context !== undefined)
    return invalid('$.context', `is not for a message of the type ${type}`)
  return undefined
}

function whyNot({ type }: MessageBody, kind: ChatKind): string {
  return kind === 'channel' && MEDIA_TYPES.some(each => each === type)
    ? 'files go there in the clear and by a way of their own, which this version does not know'
    : `WhatsApp has no ${type} there`
}

/** What is about another message answers none and names nobody. */
const STANDS_ALONE: ReadonlySet<string> = new Set(['reaction', 'edit', 'revoke', 'pin'])

function people(
  path: string,
  given: readonly string[] | undefined,
  rule: PhoneRule,
): Parsed<readonly string[] | undefined> {
  if (given === undefined) return parsed(undefined)
  const chats: string[] = []
  for (const [index, text] of given.entries()) {
    const person = parseRecipient(text, rule)
    if (person?.kind !== 'contact')
      return invalid(
        `${path}[${index}]`,
        'must be a phone number in international form, or the WhatsApp id of a person',
      )
    chats.push(person.chat)
  }
  return parsed([...new Set(chats)])
}
