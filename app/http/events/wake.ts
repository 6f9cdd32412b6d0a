import type { HttpDeps } from '../deps.ts'

/** Something to wait for. `forget` must follow, whether or not anybody waited. */
export type Wake = { readonly promise: Promise<void>; forget(): void }

/**
 * Resolves when events are committed, the policy changes, the time is over, or the reader is gone. Made before reading, so that nothing falls
 * between the two.
 */
export function nextEvents(
  { store, onPolicyChange }: Pick<HttpDeps, 'store' | 'onPolicyChange'>,
  gone: AbortSignal,
  withinMs: number,
): Wake {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  const stop = store.onCommit(topics => {
    if (topics.has('events')) wake()
  })
  const stopListening = onPolicyChange(wake)
  const timer = setTimeout(wake, Math.max(0, withinMs))
  if (gone.aborted) wake()
  gone.addEventListener('abort', wake)
  const forget = () => {
    stop()
    stopListening()
    clearTimeout(timer)
    gone.removeEventListener('abort', wake)
  }
  return { promise, forget }
}
