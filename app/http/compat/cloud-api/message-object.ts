import type { Template } from '../../../model/template.ts'
import { type Parsed, parsed, problem } from '../../answer.ts'
import { interactiveText } from './interactive.ts'
import { COORDINATE } from './schema.ts'
import { templateMember } from './template.ts'

const IN_TEXT = new RegExp(COORDINATE.pattern)

type Members = Readonly<Record<string, unknown>>

/**
 * A message as Cloud API clients write it, in the form that `/v1` reads: nearly the same, for it was taken from there. Templates
 * are filled otherwise, coordinates may be text, and what would be pressed is written out.
 */
export function messageObject(raw: unknown, templates: ReadonlyMap<string, Template>): Parsed<unknown> {
  if (raw === undefined) return problem('malformed', 'A JSON body is needed.')
  if (!isObject(raw)) return parsed(raw)
  switch (raw.type) {
    case 'template': {
      const template = templateMember(raw.template, templates)
      return template.kind === 'problem' ? template : parsed({ ...raw, template: template.value })
    }
    case 'interactive': {
      const { interactive, type: _, ...rest } = raw
      const body = interactiveText(interactive)
      return body.kind === 'problem' ? body : parsed({ ...rest, type: 'text', text: { body: body.value } })
    }
    case 'location':
      return parsed(isObject(raw.location) ? { ...raw, location: inNumbers(raw.location) } : raw)
    default:
      return parsed(raw)
  }
}

function inNumbers({ latitude, longitude, ...rest }: Members): Members {
  return { ...rest, latitude: number(latitude), longitude: number(longitude) }
}

function number(given: unknown): unknown {
  return typeof given === 'string' && IN_TEXT.test(given) ? Number(given) : given
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
