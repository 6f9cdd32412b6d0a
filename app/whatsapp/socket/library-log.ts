import type { makeWASocket } from '@whiskeysockets/baileys'
import baileysLogger from '@whiskeysockets/baileys/lib/Utils/logger.js'
import { reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'

type LibraryLogger = NonNullable<Parameters<typeof makeWASocket>[0]['logger']>

const CONSOLE_METHODS = ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir'] as const
const MAX_WORDS = 160

/** What Baileys has to say, reduced to its words: objects carry stanzas, numbers and keys, and are dropped. */
export function libraryLogger(log: Log, account: string): LibraryLogger {
  const line = (write: Log['debug']) => (first: unknown, second?: unknown) => {
    write('whatsapp.library', { account, words: words(second) ?? words(first) })
  }
  const logger: LibraryLogger = {
    level: 'warn',
    child: () => logger,
    trace() {},
    debug() {},
    info() {},
    warn: line(log.debug),
    error: line(log.debug),
  }
  return logger
}

/**
 * Takes the console away from libraries for the whole process: libsignal prints whole sessions, private ratchet keys
 * included, and Baileys whole communities, with a logger of its own. What is left is that something was said.
 */
export function muteConsole(log: Log): void {
  baileysLogger.level = 'silent'
  const mute = (method: string) => [method, () => log.debug('library.console', { method })]
  Object.assign(globalThis.console, Object.fromEntries(CONSOLE_METHODS.map(mute)))
}

/** The text of a library's error without the numbers in it, so that it may stand in a log line or a timeline. */
export function wordsOf(error: unknown): string {
  return words(reasonOf(error)) ?? 'unknown'
}

function words(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  return text.replaceAll(/\d{5,}/g, '…').slice(0, MAX_WORDS)
}
