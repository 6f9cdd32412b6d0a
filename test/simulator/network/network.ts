import type { Phones } from '../phones/phones.ts'
import type { World } from '../store/world.ts'
import type { Clients } from './clients.ts'
import type { Presences } from './contacts/presences.ts'
import type { Faults } from './faults/faults.ts'
import type { Pairings } from './linking/pairings.ts'
import type { MediaHost } from './media/host.ts'
import type { Delivery } from './messages/delivery.ts'
import type { StanzaLog } from './stanza-log.ts'

/** The server's parts, as everything that answers a client needs them. */
export type Network = {
  readonly world: World
  readonly phones: Phones
  readonly clients: Clients
  readonly delivery: Delivery
  readonly faults: Faults
  readonly pairings: Pairings
  readonly media: MediaHost
  readonly log: StanzaLog
  readonly presences: Presences
  /** iqs that clients have sent and the simulator knows no answer to: its gaps, not their faults. */
  readonly unanswered: Set<string>
}
