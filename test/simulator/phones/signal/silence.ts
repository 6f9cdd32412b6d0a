/** A logger for Baileys' parts inside the simulator. */
export const silentLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
}

const LIBSIGNAL_LINES = [
  'Closing session:',
  'Opening session:',
  'Session already',
  'Removing old closed session:',
  'Closing open session in favor of incoming prekey bundle',
  'Decrypted message with closed session.',
  'Failed to decrypt message with any known session',
  'Session error:',
]

/**
 * Stops libsignal from printing whole sessions with their private keys through `console`. For a process that is the
 * simulator or a test of it; every other line passes.
 */
export function silenceLibsignal(): void {
  for (const method of ['info', 'warn', 'error'] as const) {
    const print = console[method].bind(console)
    console[method] = (...parts: unknown[]) => {
      const [first] = parts
      if (typeof first === 'string' && LIBSIGNAL_LINES.some(line => first.startsWith(line))) return
      print(...parts)
    }
  }
}
