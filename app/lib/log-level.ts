/** How much is logged, from the least on. Apart from the log, so that commands which write none read no library for it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
