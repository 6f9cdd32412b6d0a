import { endRecordAt } from './archive.ts'
import type { Looked } from './inspect.ts'

const PDF_WITHIN = 1024
const MARKUP_WITHIN = 64 * 1024
const MARKUP = /<(?:script|html|svg|iframe|!doctype\s+html)[\s>]|<\?php\b/i
const WITHOUT_MARKUP = /^(image|audio|video)\//

/** Why a file is two things at once, so that whoever opens it may take it for the other; undefined when it is one. */
export function disguiseOf(mimeType: string, { head, tail }: Looked): string | undefined {
  const start = head.subarray(0, MARKUP_WITHIN).toString('latin1')
  if (!start.startsWith('PK') && endRecordAt(tail) !== undefined)
    return `is ${mimeType} and a ZIP archive at once`
  if (mimeType !== 'application/pdf' && start.slice(0, PDF_WITHIN).includes('%PDF-'))
    return `is ${mimeType} and a PDF at once`
  if (!WITHOUT_MARKUP.test(mimeType)) return undefined
  if (MARKUP.test(start)) return `is ${mimeType} and a page or a script at once`
  return opensComment(start) ? `is ${mimeType} and a script at once` : undefined
}

/** A GIF of a width, or a JPEG with a header of a length, that JavaScript reads as the start of a comment. */
function opensComment(start: string): boolean {
  return /^GIF8[79]a\/[*/]/.test(start) || /^\xff\xd8\xff[\xe0-\xef]\/\*/.test(start)
}
