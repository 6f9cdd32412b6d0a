import type { Stanza } from '../../wire/stanza.ts'
import type { Client, LoggedIn } from '../client.ts'
import type { Network } from '../network.ts'

export type IqContext = LoggedIn & {
  readonly network: Network
  readonly client: Client
  readonly iq: Stanza
  /** The first child, which says what the iq is about. */
  readonly request: Stanza | undefined
}

/** What an iq comes to. `answered` is for one that has seen to its answer itself. */
export type IqOutcome =
  | { readonly kind: 'result'; readonly content?: Stanza[] }
  | { readonly kind: 'error'; readonly code: number; readonly text: string }
  | { readonly kind: 'answered' }

/** Answers to iqs, by `xmlns type child`: each file of this folder brings its own rows. */
export type IqTable = Readonly<Record<string, (context: IqContext) => IqOutcome | Promise<IqOutcome>>>

export function result(...content: Stanza[]): IqOutcome {
  return content.length === 0 ? { kind: 'result' } : { kind: 'result', content }
}

export const BAD_REQUEST: IqOutcome = { kind: 'error', code: 400, text: 'bad-request' }
