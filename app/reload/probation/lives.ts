import { reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import { type After, afterTimeout } from '../../lib/pump.ts'
import type { Store } from '../../store/store.ts'

/** A policy under which the app has yet to show that it can live. Kept in the store: the next life has to know. */
export type Unproven = {
  readonly digest: string
  /** The digest to go back to. */
  readonly trusted: string
  /** Lives of the app that began under it and did not end in order; the one that runs is among them. */
  readonly lives: number
}

/** So many deaths are no accident any more: somebody's `kill -9`, or a machine that lost its power, may be one. */
export const MOST_LIVES = 3

type Meta = Store['meta']
export type LivesDeps = {
  readonly store: { readonly meta: Meta }
  readonly log: Log
  readonly after?: After
}

const KEPT_AS = 'policy.unproven'
/** A life this long has shown enough, for a policy that asks for no probation. */
const SETTLED_AFTER_MS = 10_000

export async function unprovenIn(meta: Pick<Meta, 'get'>): Promise<Unproven | undefined> {
  const text = await meta.get(KEPT_AS)
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Unproven)
}

/** What a change leaves unproven: nothing when it leads back to what is trusted. */
export async function unprovenAfter(
  { from, to }: { readonly from: string; readonly to: string },
  meta: Pick<Meta, 'get'>,
): Promise<Unproven | undefined> {
  const before = await unprovenIn(meta)
  const trusted = before?.digest === from ? before.trusted : from
  return trusted === to ? undefined : { digest: to, trusted, lives: 1 }
}

/** Another life begins under this policy. Counted before anything of it is tried out. */
export async function beginLife(digest: string, meta: Meta): Promise<void> {
  const unproven = await unprovenIn(meta)
  if (unproven?.digest === digest) await keep({ ...unproven, lives: unproven.lives + 1 }, meta)
}

/** Decides when a policy that is in force has shown that the app can live under it. */
export class Lives {
  readonly #deps: LivesDeps
  #cancel = () => {}

  constructor(deps: LivesDeps) {
    this.#deps = deps
  }

  /** It is proven after a while, unless another comes into force before. */
  settle(digest: string): void {
    const { after = afterTimeout } = this.#deps
    this.#cancel()
    this.#cancel = after(SETTLED_AFTER_MS, () => void this.prove(digest))
  }

  /** It has shown enough. */
  prove(digest: string): Promise<void> {
    return this.#change(unproven => (unproven.digest === digest ? undefined : unproven))
  }

  /** This life ends in order, which is not held against its policy. */
  stop(): Promise<void> {
    this.#cancel()
    return this.#change(unproven => ({ ...unproven, lives: unproven.lives - 1 }))
  }

  async #change(next: (unproven: Unproven) => Unproven | undefined): Promise<void> {
    const { store, log } = this.#deps
    try {
      const unproven = await unprovenIn(store.meta)
      if (unproven !== undefined) await keep(next(unproven), store.meta)
    } catch (error) {
      log.error('policy.lives_not_kept', { reason: reasonOf(error) })
    }
  }
}

async function keep(unproven: Unproven | undefined, meta: Meta): Promise<void> {
  await meta.set(KEPT_AS, unproven === undefined ? '' : JSON.stringify(unproven))
}
