import { parsePhone } from '../../model/phone.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf } from '../shape/fault.ts'
import { number, region as regionNotation } from '../shape/notation.ts'

/** Tells of numbers without a + that are none in the default region, or where there is no such region. */
export function checkNumbers(shapes: readonly Shape[]): readonly Diagnostic[] {
  const region = regionIn(shapes)
  return shapes.flatMap(({ document, referred, failed }) =>
    referred
      .filter(({ target, name, path }) => {
        const judged = target === 'number' && !name.startsWith('+')
        return judged && !failed.some(prefix => isUnder(path, prefix))
      })
      .filter(({ name }) => region === undefined || parsePhone(name, { reject: [], region }) === undefined)
      .map(({ name, path }) => {
        const expected =
          region === undefined ? number.expected : `a number with its +, or as ${region} writes it`
        const message = `expected ${expected}; got "${name}"`
        const hint = region === undefined ? { hint: 'or give Recipients a normalise.defaultRegion' } : {}
        return diagnosticOf(document, { code: 'PS-1107', path, at: 'value', message, ...hint })
      }),
  )
}

/** Undefined as well where what stands there is no region: that is told of itself. */
function regionIn(shapes: readonly Shape[]): string | undefined {
  for (const { document } of shapes) {
    const spec = isRecord(document.value) && document.kind === 'Recipients' ? document.value.spec : undefined
    const normalise = isRecord(spec) ? spec.normalise : undefined
    const region = isRecord(normalise) ? normalise.defaultRegion : undefined
    if (typeof region === 'string') return regionNotation.parse(region)
  }
  return undefined
}
