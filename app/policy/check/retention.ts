import type { Diagnostic } from '../diagnostic.ts'
import { memberOf } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf } from '../shape/fault.ts'
import { duration } from '../shape/notation.ts'

/** A repeated request within a day must find the message that it stands for. */
const LEAST_METADATA_MS = 24 * 60 * 60 * 1_000

/** Tells of times that contradict one another or what the appliance promises. */
export function checkRetention(shapes: readonly Shape[]): readonly Diagnostic[] {
  return shapes.flatMap(({ document }) => {
    if (document.kind !== 'Retention' || document.broken) return []
    const messages = memberOf(memberOf(document.value, 'spec'), 'messages')
    const [body, metadata] = [msOf(memberOf(messages, 'body')), msOf(memberOf(messages, 'metadata'))]
    if (metadata === undefined) return []
    const tell = (message: string) =>
      diagnosticOf(document, {
        code: 'PS-1111',
        path: ['spec', 'messages', 'metadata'],
        at: 'value',
        message,
      })
    if (metadata < LEAST_METADATA_MS)
      return [tell('"metadata" must be 24h or more: so long a repeated request finds its message')]
    if (body !== undefined && metadata < body)
      return [tell('"metadata" must not be shorter than "body": a body cannot outlive its message')]
    return []
  })
}

function msOf(text: unknown): number | undefined {
  return typeof text === 'string' ? duration.parse(text) : undefined
}
