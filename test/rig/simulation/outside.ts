import type { Entry } from '../check/ledger.ts'
import type { Clock } from './clock.ts'
import type { Dice } from './dice.ts'

/** A message on its way to the account; it stays in its mailbox until its receipt has come. */
export type Mail = { readonly id: string; readonly chat: string; readonly text: string }

/** What the appliance cannot lose by dying: WhatsApp's server, the phones, the receiver, and what clients were promised. */
export type Outside = {
  readonly mailbox: Mail[]
  /** What people have written, in order. */
  readonly written: Entry[]
  /** What phones have decrypted. */
  readonly phones: Entry[]
  /** 202. */
  readonly accepted: Entry[]
  /** Webhooks, by event, and those of incoming texts by message. */
  readonly webhooks: Entry[]
  readonly received: Entry[]
  /** What clients and people still want to say. */
  readonly unsaid: { out: Mail[]; in: Mail[] }
}

export type World = {
  readonly clock: Clock
  readonly dice: Dice
  readonly outside: Outside
  readonly receiptFirst: boolean
  /** Faults strike while it is rough; once everything has been said the sea becomes calm, and all must come to rest. */
  rough(): boolean
}

const CHATS = ['+12025550101', '+12025550102', '+12025550103']

/** So many messages in each direction, over three chats. */
export function createOutside(messages: number): Outside {
  const mails = (direction: string) =>
    Array.from({ length: messages }, (_, n): Mail => {
      const chat = CHATS[n % CHATS.length] as string
      return { id: `${direction.toUpperCase()}${n}`, chat, text: `${direction} ${n}` }
    })
  return {
    ...{ mailbox: [], written: [], phones: [], accepted: [], webhooks: [], received: [] },
    unsaid: { out: mails('out'), in: mails('in') },
  }
}
