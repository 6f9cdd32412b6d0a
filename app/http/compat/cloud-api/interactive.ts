import { invalid, type Parsed, parsed, problem } from '../../answer.ts'
import { type BodyReader, bodyReader } from '../../schemas/body.ts'
import { objectOf } from '../../schemas/object.ts'

type Words = {
  readonly header?: { readonly text: string }
  readonly body: { readonly text: string }
  readonly footer?: { readonly text: string }
}
type Row = { readonly title: string; readonly description?: string }
type Buttons = Words & { readonly action: { readonly buttons: readonly { readonly reply: Row }[] } }
type List = Words & {
  readonly action: {
    readonly button: string
    readonly sections: readonly { readonly title?: string; readonly rows: readonly Row[] }[]
  }
}
type Link = Words & {
  readonly action: { readonly parameters: { readonly display_text: string; readonly url: string } }
}

const MOST_ROWS = 10

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength }) as const
const object = (properties: object, required = Object.keys(properties)) => objectOf(properties, required)
/** Looked at before its members are counted: what is wrong with a picture is not that it has no text. */
const TEXT_HEADER = {
  ...object({ type: {}, text: text(60) }),
  allOf: [{ type: 'object', properties: { type: { enum: ['text'] } } }],
}
const list = (items: object, maxItems: number) => ({ type: 'array', minItems: 1, maxItems, items }) as const

/** What all of them have around what is pressed; the lengths are Cloud API's own. */
function around(type: string, action: object, longest = 1_024) {
  const words = {
    type: { const: type },
    header: TEXT_HEADER,
    body: object({ text: text(longest) }),
    footer: object({ text: text(60) }),
  }
  return object({ ...words, action }, ['type', 'body', 'action'])
}

function reader<T>(interactive: object): BodyReader<{ readonly interactive: T }> {
  return bodyReader(object({ interactive }))
}

const BUTTONS = around(
  'button',
  object({
    buttons: list(
      object({ type: { enum: ['reply'] }, reply: object({ id: text(256), title: text(20) }) }),
      3,
    ),
  }),
)

const ROW = object({ id: text(200), title: text(24), description: text(72) }, ['id', 'title'])
const SECTION = object({ title: text(24), rows: list(ROW, MOST_ROWS) }, ['rows'])

const LIST = around('list', object({ button: text(20), sections: list(SECTION, 10) }), 4_096)

const LINK = around(
  'cta_url',
  object({ name: { enum: ['cta_url'] }, parameters: object({ display_text: text(20), url: text(2_048) }) }),
)

/** The member `interactive`, for what can be written out. */
export const INTERACTIVE_SCHEMA = { oneOf: [BUTTONS, LIST, LINK] } as const

const readButtons = reader<Buttons>(BUTTONS)
const readList = reader<List>(LIST)
const readLink = reader<Link>(LINK)

/**
 * Buttons, a list or a link as the text that says the same, choices by their numbers: WhatsApp shows nothing to press from a
 * plain account. Whoever answers, writes; no answer is made up into a press. What no text can stand for is not sent.
 */
export function interactiveText(raw: unknown): Parsed<string> {
  const given = { interactive: raw ?? {} }
  const type = typeof raw === 'object' && raw !== null && 'type' in raw ? raw.type : undefined
  switch (type) {
    case undefined:
    case 'button': {
      const read = readButtons(given)
      if (read.kind === 'problem') return read
      const { action, ...words } = read.value.interactive
      return parsed(written(words, numbered(action.buttons.map(({ reply }) => reply))))
    }
    case 'list': {
      const read = readList(given)
      return read.kind === 'problem' ? read : listText(read.value.interactive)
    }
    case 'cta_url': {
      const read = readLink(given)
      if (read.kind === 'problem') return read
      const { action, ...words } = read.value.interactive
      const { display_text: label, url } = action.parameters
      return parsed(written(words, [`${label}: ${url}`]))
    }
    default:
      return unsupported()
  }
}

function listText({ action, ...words }: List): Parsed<string> {
  const { button, sections } = action
  const count = sections.reduce((sum, { rows }) => sum + rows.length, 0)
  if (count > MOST_ROWS)
    return invalid('$.interactive.action.sections', `have ${count} rows, and ${MOST_ROWS} are the most`)
  let before = 0
  const lines = sections.flatMap(({ title, rows }) => {
    const shown = numbered(rows, before)
    before += rows.length
    return title === undefined ? shown : ['', title, ...shown]
  })
  return parsed(written(words, [`${button}:`, ...lines]))
}

function numbered(rows: readonly Row[], before = 0): readonly string[] {
  return rows.map(({ title, description }, index) => {
    const more = description === undefined ? '' : ` — ${description}`
    return `${before + index + 1}. ${title}${more}`
  })
}

function written({ header, body, footer }: Words, lines: readonly string[]): string {
  const parts = [header?.text, body.text, lines.join('\n'), footer?.text]
  return parts.filter(part => part !== undefined).join('\n\n')
}

function unsupported() {
  const message =
    'must be "button", "list" or "cta_url", which are sent as text; nothing else that is interactive can be'
  return problem('unsupported-type', `$.interactive.type ${message}.`, {
    errors: [{ path: '$.interactive.type', message }],
  })
}
