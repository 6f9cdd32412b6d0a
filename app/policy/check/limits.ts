import { nearestName } from '../../lib/nearest.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { dailyRate } from '../shape/notation.ts'
import { entriesOf, tell } from './entries.ts'
import { type KnownNames, placeOf } from './names.ts'

/** Tells of limits whose members contradict one another. */
export function checkLimits(shapes: readonly Shape[]): readonly Diagnostic[] {
  return entriesOf(shapes, 'RateLimits', 'limits').flatMap(limit => {
    const { key, onExceed, maxWait, blockFor, when } = limit.value
    const keys: readonly unknown[] = Array.isArray(key) ? key : []
    const sends = keys.includes('account') || keys.includes('recipient')
    const onlyAddress = keys.length === 1 && keys[0] === 'remoteIp'
    const found: Diagnostic[] = []
    const say = (member: string, message: string) =>
      found.push(tell(limit, { code: 'PS-1111', path: [...limit.path, member], at: 'key', message }))
    if ((onExceed === 'queue' || onExceed === 'hold') && keys.length > 0 && !sends) {
      say(
        'onExceed',
        `only a limit per account or recipient can ${onExceed}: nothing else waits in the outbox`,
      )
    }
    if (maxWait !== undefined && onExceed !== 'queue')
      say('maxWait', '"maxWait" goes with onExceed: queue alone')
    if (blockFor !== undefined && onExceed !== 'block')
      say('blockFor', '"blockFor" goes with onExceed: block alone')
    if (isRecord(when) && when.firstContact !== undefined && keys.length > 0 && !sends) {
      say(
        'when',
        'only a limit per account or recipient can ask for a first contact: nothing else has a recipient',
      )
    }
    if (isRecord(when) && when.principals !== undefined && onlyAddress) {
      say('when', 'failed log-ins are counted by address before anybody knows the principal')
    }
    if (onExceed === 'block' && blockFor === undefined) {
      const message = `missing "blockFor" in limit "${limit.name}"`
      found.push(tell(limit, { code: 'PS-1104', path: limit.path, at: 'key', message }))
    }
    return found
  })
}

/** Tells of paces for accounts that nobody declares, and of warm-ups that begin above their end. */
export function checkPacing(shapes: readonly Shape[], names: KnownNames): readonly Diagnostic[] {
  const accounts = names.of('account')
  return entriesOf(shapes, 'RateLimits', 'pacing').flatMap(pace => {
    const found: Diagnostic[] = []
    if (!accounts.has(pace.name) && !names.isUnsure('account')) {
      const nearest = nearestName(pace.name, accounts.keys())
      const declaration = nearest === undefined ? undefined : accounts.get(nearest)
      const place = declaration === undefined ? '' : ` (${placeOf(declaration)})`
      const hint = nearest === undefined ? {} : { hint: `did you mean "${nearest}"?${place}` }
      const message = `unknown account "${pace.name}" in pacing`
      found.push(tell(pace, { code: 'PS-2107', path: pace.path, at: 'key', message, ...hint }))
    }
    const { warmUp } = pace.value
    if (isRecord(warmUp) && perDay(warmUp.start) > perDay(warmUp.max)) {
      const path = [...pace.path, 'warmUp', 'max']
      const message = `the warm-up of "${pace.name}" begins with more than its "max"`
      found.push(tell(pace, { code: 'PS-1111', path, at: 'value', message }))
    }
    return found
  })
}

function perDay(rate: unknown): number {
  return typeof rate === 'string' ? (dailyRate.parse(rate) ?? Number.NaN) : Number.NaN
}
