import { Writable } from 'node:stream'
import winston from 'winston'
import type { LogLevel } from './log-level.ts'
import { writeOut } from './output.ts'

/** What a log line may carry: ids, counts and words. Never bodies, numbers, keys or certificates. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  /** The line's own. */
  readonly level?: never
  readonly at?: never
  readonly event?: never
}

/** Writes one JSON line an event: `{"level":"info","at":"…","event":"delivery.retry", …}`. */
export type Log = {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

/** A log on standard output. `context` is asked at each line, for what changes (the policy's revision). */
export function createLog(level: LogLevel, context: () => LogFields = () => ({})): Log {
  const line = winston.format.printf(({ level: at, message: event, fields }) => {
    return JSON.stringify({
      level: at,
      at: new Date().toISOString(),
      event,
      ...context(),
      ...(fields as LogFields),
    })
  })
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => writeOut(text, done),
  })
  const transports = [new winston.transports.Stream({ stream, eol: '\n' })]
  const logger = winston.createLogger({ level, format: line, transports })
  const write =
    (at: LogLevel) =>
    (event: string, fields: LogFields = {}) => {
      logger.log({ level: at, message: event, fields })
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** Discards every line; for commands that print for people and for tests that assert elsewhere. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
