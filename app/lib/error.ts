/**
 * The one error class. Thrown for bugs and for conditions nobody at the call site decides about; expected
 * outcomes are union values instead. `code` is the stable word that the API shows and tests compare.
 */
export class PosternError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'PosternError'
    this.code = code
  }
}

/** The text of anything thrown, for a log line or a problem's detail. Never the stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** sysexits.h EX_CONFIG: an operator must change something first; starting again will not help. */
export const EX_CONFIG = 78

const INVALID =
  /^(config|policy|key|pki)\.|^edge\.(rejected|network|limit|path|address)|^store\.(wrong_key|too_new|corrupt|migration_failed)$/

/** The process exit code an error asks for: 78 for invalid policies, keys or environment, 1 for anything else. */
export function exitCodeOf(error: unknown): number {
  return error instanceof PosternError && INVALID.test(error.code) ? EX_CONFIG : 1
}
