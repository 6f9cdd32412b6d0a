import type { Diagnostic } from '../diagnostic.ts'
import { memberOf, type PolicyDocument } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf } from '../shape/fault.ts'
import { duration } from '../shape/notation.ts'

/** A repeated request within a day must find the message that it stands for. */
const LEAST_METADATA_MS = 24 * 60 * 60 * 1_000

const UNTIL = 'leave it out, or keep it for a version that does it'

/** Tells of times that contradict one another or what the appliance promises. */
export function checkRetention(shapes: readonly Shape[]): readonly Diagnostic[] {
  return shapes.flatMap(({ document }) => {
    if (document.kind !== 'Retention' || document.broken) return []
    return [...contradictions(document), ...notDone(document)]
  })
}

function contradictions(document: PolicyDocument): readonly Diagnostic[] {
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
}

/** The chain is kept whole, and bodies go by their age alone. */
function notDone(document: PolicyDocument): readonly Diagnostic[] {
  const at = (...path: readonly string[]) => path.reduce(memberOf, document.value)
  const tell = (path: readonly string[], message: string) =>
    diagnosticOf(document, { code: 'PS-3107', path, at: 'value', message, hint: UNTIL, severity: 'warning' })
  const [entries, onOptOut] = [
    ['spec', 'audit', 'entries'],
    ['spec', 'erase', 'onOptOut'],
  ] as const
  return [
    ...(msOf(at(...entries)) === undefined
      ? []
      : [tell(entries, 'audit entries are kept for longer than this: this version removes none')]),
    ...(at(...onOptOut) === 'body'
      ? [tell(onOptOut, 'this version erases nothing on opt-out: bodies go by messages.body alone')]
      : []),
  ]
}

function msOf(text: unknown): number | undefined {
  return typeof text === 'string' ? duration.parse(text) : undefined
}
