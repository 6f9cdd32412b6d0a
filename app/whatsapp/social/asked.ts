import type { BinaryNode } from '@whiskeysockets/baileys'
import type { AccountState } from '../../model/account.ts'
import { wordsOf } from '../socket/library-log.ts'
import { closeCodeOf } from '../translate.ts'

/** What a question to WhatsApp came to. */
export type Asked<T> =
  | { readonly kind: 'answered'; readonly value: T }
  | { readonly kind: 'unknown-account' }
  | { readonly kind: 'not-open'; readonly state: AccountState }
  /** The server says no, with its code: 403 for who may not, 404 for what is not there, 429 for too much. */
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'unanswered'; readonly reason: string }

/** What the library throws when it does not like what it was asked; nothing was sent then. */
const BAD_REQUEST = 400

/** What it comes to when a question throws. Throws itself what is neither an answer nor the want of one. */
export function refusalOf(error: unknown): Extract<Asked<never>, { kind: 'refused' | 'unanswered' }> {
  const reason = wordsOf(error)
  const answered = answerIn(error)
  if (answered !== undefined) return { kind: 'refused', code: answered, reason }
  const code = closeCodeOf(error instanceof Error ? error : undefined)
  if (code === undefined) throw error
  return code === BAD_REQUEST ? { kind: 'refused', code, reason } : { kind: 'unanswered', reason }
}

/** The server's code, which the library throws along as a number, in the node that it came in, or in an answer in JSON. */
function answerIn(error: unknown): number | undefined {
  const given = error instanceof Error && 'data' in error ? error.data : undefined
  if (typeof given === 'number') return given
  if (typeof given !== 'object' || given === null) return undefined
  if ('extensions' in given) return codeOf((given.extensions as { error_code?: unknown } | null)?.error_code)
  return 'attrs' in given ? codeOf((given as BinaryNode).attrs.code) : undefined
}

function codeOf(given: unknown): number | undefined {
  const code = Number(given)
  return Number.isInteger(code) && code >= BAD_REQUEST ? code : undefined
}
