const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Aborted at the first Ctrl-C, SIGTERM or end of the terminal. Later ones only say that the end is under way, because the
 * parts are given time to finish.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (name === 'SIGHUP') surviveTheTerminal()
      if (controller.signal.aborted)
        console.error('postern: stopping already; a part has at most 10 s to end')
      controller.abort()
    })
  }
  return controller.signal
}

/** Resolves when `signal` is aborted. */
export function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise(resolve => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

/** Nobody reads any more, and a failed line must not keep us from stopping the parts. */
function surviveTheTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}
