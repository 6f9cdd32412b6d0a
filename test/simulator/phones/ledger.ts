import type { proto } from '@whiskeysockets/baileys'
import type { LedgerEvent } from '../store/mail/ledger.ts'
import { contentDigest, textOf } from './content.ts'
import type { Phone } from './phone.ts'

/** A message as a phone sends or learns of it. `chat` is a number without `+`, or a group. */
export type Noted = {
  readonly event: LedgerEvent
  readonly id: string
  readonly from: string
  readonly chat: string
  readonly message: proto.IMessage
  /** The digest of its content where it has been made already. */
  readonly digest?: string
}

/** Enters a message in the ledger of what phones have sent and seen. */
export function noteInLedger({ world, user, device }: Phone, { message, ...noted }: Noted): void {
  world.ledger.note({
    mailbox: { number: user.number, device },
    digest: contentDigest(message),
    ...noted,
    text: textOf(message),
    at: world.now().toISOString(),
  })
}
