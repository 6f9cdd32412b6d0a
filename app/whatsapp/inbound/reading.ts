import type { WAMessage, WAMessageKey } from '@whiskeysockets/baileys'
import type { ChatId } from '../../model/chat.ts'
import type { RouteEvent } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { StandingChange } from '../../store/contacts.ts'
import type { InboundChange } from '../../store/journal.ts'
import type { Me } from '../journal/arrival.ts'
import type { LidLookup } from '../translate.ts'

/** What reading an arrival may ask. */
export type Reader = {
  readonly account: string
  /** Whose device the arrival came to. */
  readonly me: Me
  /** When it came. */
  readonly at: Date
  readonly lookup: LidLookup
  readonly route: RouteEvent
  /** What a message says about being written to. */
  readonly hear?: (message: Message) => StandingChange | undefined
  /** All messages with an id of WhatsApp's, those of ours first, once everything that came earlier is recorded. */
  named(messageId: string): Promise<readonly Message[]>
}

/** What an arrival comes to. */
export type Reading = {
  readonly changes: readonly InboundChange[]
  /** As in `Recording`. */
  readonly subject?: string
  /** False for what does no harm when it comes again later. */
  readonly kept: boolean
  /** A message from somebody else, to be marked as read where the policy wants that. */
  readonly incoming?: {
    readonly from: ChatId
    readonly key: WAMessageKey
    /** What its author calls themselves. */
    readonly name?: string
  }
  /** A call that rings: who calls, and by which id. */
  readonly ringing?: { readonly callId: string; readonly from: string }
  /** Stands for a message that could not be read, and counts only when its content has not come in the meantime. */
  readonly placeholder?: true
  /** What the library works on, and is finished with when it has. */
  readonly forLibrary?: WAMessage
}

/** An arrival that says nothing to anybody; it stays to answer for itself when it comes again. */
export const NOTHING: Reading = { changes: [], kept: true }
