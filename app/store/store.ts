import type { PosternError } from '../lib/error.ts'
import type { AccountStore } from './accounts.ts'
import type { AuditStore } from './audit.ts'
import type { ContactStore } from './contacts.ts'
import type { DecisionStore } from './decisions.ts'
import type { DeliveryStore } from './deliveries.ts'
import type { Disk } from './disk.ts'
import type { EndpointStore } from './endpoints.ts'
import type { EventStore } from './events.ts'
import type { JournalStore } from './journal.ts'
import type { LimitStore } from './limits.ts'
import type { MediaStore } from './media.ts'
import type { MessageStore } from './messages.ts'
import type { MetaStore } from './meta.ts'
import type { PolicyStore } from './policies.ts'
import type { PrivacyStore } from './privacy.ts'
import type { RecipientStore } from './recipients.ts'
import type { RetentionStore } from './retention.ts'
import type { SignalKeyStore } from './signal-keys.ts'
import type { TallyStore } from './tallies.ts'

/** What a commit touched, so that workers look without polling. */
export type Topic = 'outbox' | 'events' | 'deliveries' | 'accounts' | 'media'

/** Everything durable. Every promise of a write resolves after COMMIT with `synchronous=FULL`, never before. */
export type Store = {
  readonly accounts: AccountStore
  readonly signalKeys: SignalKeyStore
  readonly journal: JournalStore
  readonly messages: MessageStore
  readonly media: MediaStore
  readonly recipients: RecipientStore
  readonly contacts: ContactStore
  readonly events: EventStore
  readonly deliveries: DeliveryStore
  readonly endpoints: EndpointStore
  readonly audit: AuditStore
  readonly decisions: DecisionStore
  readonly meta: MetaStore
  readonly policies: PolicyStore
  readonly tallies: TallyStore
  readonly retention: RetentionStore
  readonly privacy: PrivacyStore
  readonly limits: LimitStore
  /** How full the disk is that all this lies on. */
  readonly disk: Disk
  /** Calls `listener` after each commit with the topics it touched. Returns the way to stop. */
  onCommit(listener: (topics: ReadonlySet<Topic>) => void): () => void
  /**
   * Calls `listener` when the writer has died and nothing can be written any more; the process should end and be started
   * again. Without a listener the error is thrown where nobody catches it, which ends the process as well.
   */
  onFailure(listener: (error: PosternError) => void): () => void
  /** Finishes what is queued, checkpoints and closes. */
  close(): Promise<void>
}
