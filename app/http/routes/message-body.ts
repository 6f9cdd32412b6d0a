import { nearestName } from '../../lib/nearest.ts'
import type { AskedContent } from '../../model/message.ts'
import { renderTemplate, type Template } from '../../model/template.ts'
import { invalid, type Parsed, type Problem, parsed, problem } from '../answer.ts'
import { type BodyReader, bodyReader } from '../schemas/body.ts'
import {
  MESSAGE_SCHEMAS,
  type MessageBody,
  type MessageType,
  SUPPORTED_TYPES,
  type TemplateBody,
} from '../schemas/message.ts'
import { memberOf } from './message-member.ts'

const READERS = Object.fromEntries(
  Object.entries(MESSAGE_SCHEMAS).map(([type, schema]) => [type, bodyReader<MessageBody>(schema)]),
) as Readonly<Record<MessageType, BodyReader<MessageBody>>>

/** Reads a message object; one without a type is a text, as in Cloud API. */
export function readMessageBody(raw: unknown): Parsed<MessageBody> {
  const type = typeof raw === 'object' && raw !== null && 'type' in raw ? raw.type : undefined
  const unsupported = typeof type === 'string' ? unsupportedType(type) : undefined
  return unsupported ?? READERS[isMessageType(type) ? type : 'text'](raw)
}

function isMessageType(type: unknown): type is MessageType {
  return typeof type === 'string' && Object.hasOwn(MESSAGE_SCHEMAS, type)
}

/** What is to be said, without what stands around it: for a template, its words with these parameters in them. */
export function contentOf(body: MessageBody, templates: ReadonlyMap<string, Template>): Parsed<AskedContent> {
  switch (body.type) {
    case 'template': {
      const rendered = rendering(body.template, templates)
      return rendered.kind === 'problem' ? rendered : parsed({ type: 'template', template: rendered.value })
    }
    case undefined:
    case 'text':
      return body.text.preview_url
        ? invalid('$.text.preview_url', NO_PREVIEW)
        : parsed({ type: 'text', text: { body: body.text.body } })
    default:
      return memberOf(body)
  }
}

const NO_PREVIEW =
  'cannot be true: what a text links to is not fetched, so that there is no preview to send along'

function rendering(
  { name, parameters = {} }: TemplateBody['template'],
  templates: ReadonlyMap<string, Template>,
): Parsed<{ name: string; language: string; body: string }> {
  const template = templates.get(name)
  if (template === undefined) {
    const meant = nearestName(name, templates.keys())
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    return invalid('$.template.name', `is no template of the policy in force${hint}`)
  }
  const rendered = renderTemplate(template, parameters)
  switch (rendered.kind) {
    case 'rendered':
      return parsed({ name, language: template.language, body: rendered.text })
    case 'failed':
      return invalid('$.template', `cannot be written with these parameters: it ${rendered.reason}`)
    case 'faulty': {
      const errors = rendered.faults.map(({ parameter, message }) => ({
        path: `$.template.parameters${/^[A-Za-z_]\w*$/.test(parameter) ? `.${parameter}` : `[${JSON.stringify(parameter)}]`}`,
        message,
      }))
      const [first] = errors
      const more = errors.length < 2 ? '' : ` (${errors.length} faults)`
      return problem('invalid', `${first?.path} ${first?.message}.${more}`, { errors })
    }
  }
}

/** Told before everything else about the body: its other members cannot be judged by the schema of another type. */
function unsupportedType(type: string): Problem | undefined {
  if (SUPPORTED_TYPES.includes(type)) return undefined
  const supported = SUPPORTED_TYPES.map(one => `"${one}"`).join(', ')
  const meant = nearestName(type, SUPPORTED_TYPES)
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  const message = `is not a type that this version sends; it sends ${supported}${hint}`
  return problem('unsupported-type', `$.type ${message}.`, { errors: [{ path: '$.type', message }] })
}
