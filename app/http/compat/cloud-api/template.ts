import type { ParameterType, Template } from '../../../model/template.ts'
import { invalid, type Parsed, parsed } from '../../answer.ts'
import { bodyReader } from '../../schemas/body.ts'
import type { TemplateBody } from '../../schemas/message.ts'
import { TEMPLATE_SCHEMA } from './schema.ts'

type Given = {
  readonly type: 'text' | 'currency' | 'date_time'
  readonly text?: string
  readonly parameter_name?: string
  readonly currency?: { readonly fallback_value: string }
  readonly date_time?: { readonly fallback_value: string }
}

type Member = {
  readonly template: {
    readonly name: string
    readonly language?: { readonly code: string }
    readonly components?: readonly { readonly type: string; readonly parameters?: readonly Given[] }[]
  }
}

const readMember = bodyReader<Member>({
  type: 'object',
  required: ['template'],
  additionalProperties: false,
  properties: { template: TEMPLATE_SCHEMA },
})

/** The member `template` of Cloud API as ours: parameters without a name are those that the template declares, in their order. */
export function templateMember(
  raw: unknown,
  templates: ReadonlyMap<string, Template>,
): Parsed<TemplateBody['template']> {
  const member = readMember(raw === undefined ? {} : { template: raw })
  if (member.kind === 'problem') return member
  const { name, language, components = [] } = member.value.template
  const template = templates.get(name)
  if (template === undefined) return parsed({ name }) // which is told like others that are not declared
  if (language !== undefined && !isSameLanguage(language.code, template.language))
    return invalid('$.template.language', `is not that of this template, which is ${template.language}`)
  const given = components.flatMap(({ parameters = [] }) => parameters)
  const names = Object.keys(template.parameters)
  if (given.length > names.length)
    return invalid(
      '$.template.components',
      `have ${given.length} parameters, and the template ${names.length}`,
    )
  const filled = given.map((parameter, index): [string, unknown] => {
    const called = parameter.parameter_name ?? names[index] ?? ''
    return [called, typedAs(textOf(parameter), template.parameters[called])]
  })
  return parsed({ name, parameters: Object.fromEntries(filled) })
}

function textOf({ text, currency, date_time }: Given): string | undefined {
  return text ?? currency?.fallback_value ?? date_time?.fallback_value
}

/** Cloud API knows text alone. What does not read as its type stays text, and is refused as that. */
function typedAs(text: string | undefined, type: ParameterType | undefined): unknown {
  if (text === undefined) return undefined
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** `en` covers `en_US`, and the other way round; `pt_PT` is not `pt_BR`. */
function isSameLanguage(asked: string, declared: string): boolean {
  const [one, other] = [asked, declared].map(code => code.replaceAll('_', '-').toLowerCase())
  return one === other || one?.startsWith(`${other}-`) === true || other?.startsWith(`${one}-`) === true
}
