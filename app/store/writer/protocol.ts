import type { KeyObject } from 'node:crypto'
import type { Topic } from '../store.ts'

/** What the thread is started with. A KeyObject crosses threads without ever being printable. */
export type WriterStart = { readonly file: string; readonly key: KeyObject }

/** One write on its way to the thread. */
export type Request = { readonly id: number; readonly name: string; readonly args: unknown }

/** What became of it; an error is carried as its code and message. */
export type Answer = { readonly id: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string }
)

export type ToThread =
  | { readonly kind: 'write'; readonly requests: readonly Request[] }
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'settled'; readonly answers: readonly Answer[]; readonly topics: ReadonlySet<Topic> }
