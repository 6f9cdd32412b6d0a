import type { proto } from '@whiskeysockets/baileys'
import type { Choice, InteractiveContent } from '../../model/content/received.ts'

type Interactive = InteractiveContent['interactive']
type Words = { readonly header?: unknown; readonly body?: unknown; readonly footer?: unknown }

/** Words with things to press, from businesses, and what people have pressed. */
export function interactiveOf(message: proto.IMessage): InteractiveContent | undefined {
  const interactive = offerOf(message) ?? replyOf(message)
  return interactive === undefined ? undefined : { type: 'interactive', interactive }
}

function offerOf(message: proto.IMessage): Interactive | undefined {
  const { buttonsMessage: buttons, listMessage: list, interactiveMessage, templateMessage } = message
  if (buttons) {
    const { text: header, contentText: body, footerText: footer } = buttons
    const options = (buttons.buttons ?? []).map(({ buttonId, buttonText }) =>
      choice({ id: buttonId, title: buttonText?.displayText }),
    )
    return offer({ header, body, footer }, options)
  }
  if (list) {
    const { title: header, description: body, footerText: footer, sections } = list
    const rows = (sections ?? []).flatMap(section => section.rows ?? [])
    return offer(
      { header, body, footer },
      rows.map(({ rowId, title, description }) => choice({ id: rowId, title, description })),
    )
  }
  const template = templateMessage?.hydratedTemplate ?? templateMessage?.hydratedFourRowTemplate
  if (template) {
    const { hydratedTitleText: header, hydratedContentText: body, hydratedFooterText: footer } = template
    const options = (template.hydratedButtons ?? []).map(({ quickReplyButton, urlButton, callButton }) =>
      choice({
        id: quickReplyButton?.id ?? urlButton?.url ?? callButton?.phoneNumber,
        title: (quickReplyButton ?? urlButton ?? callButton)?.displayText,
      }),
    )
    return offer({ header, body, footer }, options)
  }
  const flow = interactiveMessage ?? templateMessage?.interactiveMessageTemplate
  return flow ? flowOf(flow) : undefined
}

function flowOf({ header, body, footer, nativeFlowMessage }: proto.Message.IInteractiveMessage): Interactive {
  const options = (nativeFlowMessage?.buttons ?? []).map(({ name, buttonParamsJson }) => {
    const { id, display_text: title } = membersOf(buttonParamsJson)
    return choice({ id: id ?? name, title })
  })
  return offer({ header: header?.title, body: body?.text, footer: footer?.text }, options)
}

function replyOf(message: proto.IMessage): Interactive | undefined {
  const { buttonsResponseMessage: button, templateButtonReplyMessage: template } = message
  const { listResponseMessage: list, interactiveResponseMessage: flow } = message
  if (button) {
    const reply = choice({ id: button.selectedButtonId, title: button.selectedDisplayText })
    return { type: 'button_reply', reply }
  }
  if (template) {
    const reply = choice({ id: template.selectedId, title: template.selectedDisplayText })
    return { type: 'button_reply', reply }
  }
  if (list) {
    const { singleSelectReply, title, description } = list
    return { type: 'list_reply', reply: choice({ id: singleSelectReply?.selectedRowId, title, description }) }
  }
  if (!flow) return undefined
  const { nativeFlowResponseMessage: answer, body } = flow
  const { id } = membersOf(answer?.paramsJson)
  return { type: 'flow_reply', reply: choice({ id: id ?? answer?.name, title: body?.text }) }
}

function offer(words: Words, options: readonly Choice[]): Interactive {
  return { type: 'offer', ...texts(words), ...(options.length === 0 ? {} : { options }) }
}

function choice(of: {
  readonly id?: unknown
  readonly title?: unknown
  readonly description?: unknown
}): Choice {
  return { title: '', ...texts(of) }
}

/** Those members that are words. */
function texts<Name extends string>(
  members: { readonly [N in Name]?: unknown },
): { readonly [N in Name]?: string } {
  const said = Object.entries(members).filter(([, value]) => typeof value === 'string' && value !== '')
  return Object.fromEntries(said) as { [N in Name]?: string }
}

/** What somebody else's JSON says at its top. */
function membersOf(json: string | null | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
