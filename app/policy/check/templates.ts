import { globMatches } from '../../lib/glob.ts'
import { nearestName } from '../../lib/nearest.ts'
import { readBody } from '../../model/template.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, entriesOf, tell, warn } from './entries.ts'
import type { KnownNames } from './names.ts'
import { rulesIn } from './rules.ts'

/** Tells of bodies that nobody can read or fill, and of rules that speak of templates that there are not. */
export function checkTemplates(shapes: readonly Shape[], names: KnownNames): readonly Diagnostic[] {
  return [
    ...entriesOf(shapes, 'Templates').flatMap(bodyFaults),
    ...rulesIn(shapes).flatMap(rule => unknownTemplates(rule, names)),
    ...confirmationFaults(shapes),
  ]
}

function bodyFaults(template: Entry): readonly Diagnostic[] {
  const { path, name, value, shape } = template
  const { body, parameters } = value
  if (typeof body !== 'string' || shape.failed.some(failed => isUnder(failed, path))) return []
  const at = [...path, 'body']
  const reading = readBody(body)
  if (reading.kind === 'unreadable') {
    const message = `the body of template "${name}" cannot be read: ${reading.reason}`
    return [tell(template, { code: 'PS-1112', path: at, at: 'value', message })]
  }
  const declared = isRecord(parameters) ? Object.keys(parameters).filter(key => !key.startsWith('x-')) : []
  const unknown = reading.variables.filter(variable => !declared.includes(variable))
  const unused = declared.filter(parameter => !reading.variables.includes(parameter))
  return [
    ...unknown.map(variable => {
      const nearest = nearestName(variable, declared)
      const hint = nearest === undefined ? 'give it under parameters' : `did you mean "${nearest}"?`
      const message = `unknown parameter "${variable}" in the body of template "${name}"`
      return tell(template, { code: 'PS-2114', path: at, at: 'value', message, hint })
    }),
    ...unused.map(parameter => {
      const message = `the body of template "${name}" does not use its parameter "${parameter}"`
      const effect = 'every message would have to give it'
      const hint = `use {{ ${parameter} }} in the body, or leave it out`
      return warn(template, {
        code: 'PS-3104',
        path: [...path, 'parameters', parameter],
        at: 'key',
        message,
        effect,
        hint,
      })
    }),
  ]
}

/** A warning: a rule for templates that come later harms nobody, and a deny rule may well speak of none today. */
function unknownTemplates(rule: Entry, names: KnownNames): readonly Diagnostic[] {
  const { path, name, value } = rule
  const globs = isRecord(value.when) ? value.when.templates : undefined
  if (!Array.isArray(globs) || names.isUnsure('template')) return []
  const known = [...names.of('template').keys()]
  return globs.flatMap((glob: unknown, n): Diagnostic[] => {
    if (typeof glob !== 'string' || known.some(template => globMatches(glob, template))) return []
    const message = `no template ${glob.includes('*') ? 'matches' : 'is called'} "${glob}" in rule "${name}"`
    const nearest = nearestName(glob, known)
    const hint = nearest === undefined ? 'add it to the kind Templates' : `did you mean "${nearest}"?`
    return [
      warn(rule, { code: 'PS-3105', path: [...path, 'when', 'templates', n], at: 'value', message, hint }),
    ]
  })
}

/** Nobody gives parameters to the message that confirms an opt-out. */
function confirmationFaults(shapes: readonly Shape[]): readonly Diagnostic[] {
  const templates = entriesOf(shapes, 'Templates')
  return entriesOf(shapes, 'Recipients').flatMap(part => {
    const template = templates.find(({ name }) => part.name === 'optOut' && name === part.value.confirmWith)
    const asks = isRecord(template?.value.parameters) && Object.keys(template.value.parameters).length > 0
    if (!asks) return []
    const message = `the template "${template?.name}" asks for parameters, which nobody gives when an opt-out is confirmed`
    return [tell(part, { code: 'PS-1111', path: [...part.path, 'confirmWith'], at: 'value', message })]
  })
}
