import { nearestName } from '../../lib/nearest.ts'
import { readBody } from '../../model/template.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { type Entry, entriesOf, tell, warn } from './entries.ts'
import type { KnownNames } from './names.ts'

/** Schemes that prove by themselves that a delivery is fresh, or say which it is. */
const KNOWS_REPEATS: ReadonlySet<unknown> = new Set(['standard-webhooks', 'github', 'stripe', 'slack'])
/** Schemes that show the secret itself to whoever listens: where they come from must be known as well. */
const SHOWS_SECRET: ReadonlySet<unknown> = new Set(['bearer', 'basic'])

/** Tells of hooks that anybody could repeat or reach, and that this version serves none. */
export function checkHooks(shapes: readonly Shape[], names: KnownNames): readonly Diagnostic[] {
  return entriesOf(shapes, 'Hooks').flatMap(hook => [
    warn(hook, {
      code: 'PS-3107',
      path: hook.path,
      at: 'key',
      message: `hook "${hook.name}" is checked, but this version does not serve hooks`,
      effect: 'calls of it are answered 404',
      hint: 'leave it out, or keep it for a version that serves hooks',
    }),
    ...proofFaults(hook),
    ...deliveryIdFaults(hook),
    ...templateFaults(hook, names),
  ])
}

function proofFaults(hook: Entry): readonly Diagnostic[] {
  const { path, name, value } = hook
  const scheme = isRecord(value.verify) ? value.verify.scheme : undefined
  const found: Diagnostic[] = []
  if (SHOWS_SECRET.has(scheme) && value.networks === undefined) {
    const message = `missing "networks" in hook "${name}"`
    const effect = `whoever has seen its secret once could call it from anywhere`
    found.push(tell(hook, { code: 'PS-1104', path, at: 'key', message, effect }))
  }
  if (!KNOWS_REPEATS.has(scheme) && value.deliveryId === undefined) {
    const message = `hook "${name}" has no protection against replay: ${scheme} does not tell deliveries apart`
    const hint = 'give it a deliveryId'
    found.push(warn(hook, { code: 'PS-3106', path, at: 'key', message, hint }))
  }
  return found
}

function deliveryIdFaults(hook: Entry): readonly Diagnostic[] {
  const { path, name, value } = hook
  if (typeof value.deliveryId !== 'string') return []
  const at = [...path, 'deliveryId']
  const reading = readBody(value.deliveryId)
  if (reading.kind === 'unreadable') {
    const message = `the deliveryId of hook "${name}" cannot be read: ${reading.reason}`
    return [tell(hook, { code: 'PS-1112', path: at, at: 'value', message })]
  }
  if (reading.variables.length > 0) return []
  const message = `the deliveryId of hook "${name}" is the same for every delivery`
  return [tell(hook, { code: 'PS-1111', path: at, at: 'value', message, hint: 'use {{ … }} in it' })]
}

/** A warning as long as nothing is sent by it. */
function templateFaults(hook: Entry, names: KnownNames): readonly Diagnostic[] {
  const { path, name, value } = hook
  const template = isRecord(value.send) ? value.send.template : undefined
  const known = names.of('template')
  if (typeof template !== 'string' || known.has(template) || names.isUnsure('template')) return []
  const nearest = nearestName(template, known.keys())
  const hint = nearest === undefined ? 'add it to the kind Templates' : `did you mean "${nearest}"?`
  const message = `no template is called "${template}" in hook "${name}"`
  return [warn(hook, { code: 'PS-3105', path: [...path, 'send', 'template'], at: 'value', message, hint })]
}
