import { newId } from '../lib/ids.ts'
import { SYSTEM } from '../model/audit.ts'
import { kindOfChat } from '../model/chat.ts'
import type { RouteEvent } from '../model/event.ts'
import type { Message, TemplateContent } from '../model/message.ts'
import { messageEvent } from '../model/message-event.ts'
import { confirmationIn, languageOfKeyword, OPT_OUT_CONFIRMATION } from '../model/opt-out.ts'
import { renderTemplate } from '../model/template.ts'
import type { OptOut, PolicyInForce, PolicySnapshot } from '../policy/snapshot.ts'
import type { StandingChange } from '../store/contacts.ts'
import { DEFAULT_LIFE_MS } from './enqueue.ts'
import { auditOf, newMessageId } from './entry.ts'

export type HearDeps = {
  readonly policy: () => PolicyInForce
  readonly route: RouteEvent
  readonly now: () => Date
}

/** What a message that came says about being written to; undefined for one that says nothing of it. */
export type Hear = (message: Message) => StandingChange | undefined

/** A contact's STOP, and the START that takes it back where the policy leaves that to contacts. Groups have no such word. */
export function createHear({ policy, route, now }: HearDeps): Hear {
  return message => {
    const { snapshot, revision } = policy()
    const { optOut } = snapshot
    const { direction, content, chat, account, messageId } = message
    if (
      optOut === undefined ||
      direction !== 'in' ||
      content.type !== 'text' ||
      kindOfChat(chat) !== 'contact'
    )
      return undefined
    const heard = wishOf(content.text.body, optOut)
    if (heard === undefined) return undefined
    const { to, language } = heard
    const type = to === 'opted-out' ? 'contact.opted_out' : 'contact.opted_in'
    const data = { contact: chat, by: 'contact', message_id: messageId }
    const audit = { ...SYSTEM, at: now(), action: type, target: chat, decision: 'done' } as const
    const confirmation = to === 'opted-out' ? confirmationOf(snapshot, language) : undefined
    return {
      contact: chat,
      to,
      at: message.createdAt,
      effects: {
        events: [route({ type, account, chat, data })],
        audit: [{ ...audit, detail: { account, message_id: messageId } }],
      },
      ...(confirmation === undefined
        ? {}
        : { answer: answerTo(message, confirmation, { route, at: now(), revision }) }),
    }
  }
}

type Wish = { readonly to: StandingChange['to']; readonly language: string }

function wishOf(text: string, { keywords, liftBy, backKeywords }: OptOut): Wish | undefined {
  const stop = languageOfKeyword(text, keywords)
  if (stop !== undefined) return { to: 'opted-out', language: stop }
  const start = liftBy === 'contact' ? languageOfKeyword(text, backKeywords) : undefined
  return start === undefined ? undefined : { to: 'opted-in', language: start }
}

/** The last words to whom opted out: those of the policy, else ours in the language of the keyword. */
function confirmationOf(
  { optOut, templates }: PolicySnapshot,
  language: string,
): TemplateContent | undefined {
  const name = optOut?.confirmWith
  if (name === undefined) return undefined
  const template = templates.get(name)
  if (template === undefined) {
    const body = confirmationIn(language)
    return { type: 'template', template: { name: OPT_OUT_CONFIRMATION, language, body } }
  }
  const rendered = renderTemplate(template, {})
  if (rendered.kind !== 'rendered') return undefined // checked: it asks for nothing, and says something
  return { type: 'template', template: { name, language: template.language, body: rendered.text } }
}

/** Sent by the appliance itself, so that the opt-out does not refuse its own confirmation. */
function answerTo(
  { account, chat }: Message,
  content: TemplateContent,
  { route, at, revision }: { readonly route: RouteEvent; readonly at: Date; readonly revision: string },
): NonNullable<StandingChange['answer']> {
  const decisionId = newId('dec', at)
  const message: Message = {
    ...{ id: newId('obx', at), account, direction: 'out', chat, messageId: newMessageId(), status: 'queued' },
    ...{ content, principal: SYSTEM.principal, decisionId, createdAt: at, attemptCount: 0 },
    expiresAt: new Date(at.getTime() + DEFAULT_LIFE_MS),
    timeline: [{ status: 'queued', at }],
  }
  const audit = auditOf(
    message,
    { ...SYSTEM, at, action: 'messages.send', decision: 'allow' },
    { decision: decisionId, by: 'opt-out', policy: revision },
  )
  return {
    message,
    effects: {
      events: [route(messageEvent('message.queued', message, { status: 'queued' }))],
      audit: [audit],
    },
  }
}
