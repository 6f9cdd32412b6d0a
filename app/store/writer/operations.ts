import { putDevice, removeDevice, setPaused } from '../tables/accounts.ts'
import { appendAudit } from '../tables/audit.ts'
import { setTimer } from '../tables/chat-timers.ts'
import { linkContact } from '../tables/contact-links.ts'
import { callContact } from '../tables/contact-names.ts'
import { grantConsent, withdrawConsents } from '../tables/contacts.ts'
import { replayDelivery, settleDelivery } from '../tables/delivery-queue.ts'
import { buryDeliveries, hastenDeliveries, replayRange } from '../tables/delivery-range.ts'
import { writeEffects } from '../tables/effects.ts'
import { putEndpoint } from '../tables/endpoints.ts'
import { addArrival, pruneJournal } from '../tables/journal.ts'
import { recordArrival } from '../tables/journal-record.ts'
import { putBuckets } from '../tables/limits.ts'
import { addMedia, fetchedMedia, noteSentMedia, putOffMedia, removeMedia } from '../tables/media.ts'
import { enqueueMessage, importMessages, receiveMessage } from '../tables/message-entry.ts'
import {
  advanceMessage,
  holdMessage,
  postponeMessage,
  recoverMessages,
  requeueMessage,
} from '../tables/message-status.ts'
import { setMeta } from '../tables/meta.ts'
import { claimMessages } from '../tables/outbox-queue.ts'
import { forgetRefusals, recordPolicy } from '../tables/policies.ts'
import { erase, forget } from '../tables/privacy-erase.ts'
import { putRecipient } from '../tables/recipients.ts'
import { sweep } from '../tables/retention.ts'
import { clearSignalKeys, setSignalKeys } from '../tables/signal-keys.ts'

/** Every write there is, by the name it is posted under. Arguments and results cross threads, so they are plain values. */
export const operations = {
  'accounts.put': putDevice,
  'accounts.remove': removeDevice,
  'accounts.setPaused': setPaused,
  'audit.append': appendAudit,
  'contacts.call': callContact,
  'contacts.grant': grantConsent,
  'contacts.link': linkContact,
  'contacts.withdraw': withdrawConsents,
  'deliveries.bury': buryDeliveries,
  'deliveries.hasten': hastenDeliveries,
  'deliveries.replay': replayDelivery,
  'deliveries.replayRange': replayRange,
  'deliveries.settle': settleDelivery,
  'endpoints.put': putEndpoint,
  'events.append': writeEffects,
  'journal.add': addArrival,
  'journal.prune': pruneJournal,
  'journal.record': recordArrival,
  'limits.put': putBuckets,
  'media.add': addMedia,
  'media.fetched': fetchedMedia,
  'media.noteSent': noteSentMedia,
  'media.putOff': putOffMedia,
  'media.remove': removeMedia,
  'messages.advance': advanceMessage,
  'messages.claim': claimMessages,
  'messages.enqueue': enqueueMessage,
  'messages.hold': holdMessage,
  'messages.import': importMessages,
  'messages.postpone': postponeMessage,
  'messages.receive': receiveMessage,
  'messages.recover': recoverMessages,
  'messages.requeue': requeueMessage,
  'messages.setTimer': setTimer,
  'meta.set': setMeta,
  'policies.forgetRefusals': forgetRefusals,
  'policies.record': recordPolicy,
  'privacy.erase': erase,
  'privacy.forget': forget,
  'recipients.put': putRecipient,
  'retention.sweep': sweep,
  'signalKeys.clear': clearSignalKeys,
  'signalKeys.set': setSignalKeys,
} as const

export type Operations = typeof operations
export type OperationName = keyof Operations
export type Arguments<Name extends OperationName> = Parameters<Operations[Name]>[1]
export type Result<Name extends OperationName> = ReturnType<Operations[Name]>
