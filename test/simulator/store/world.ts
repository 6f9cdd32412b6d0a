import { join } from 'node:path'
import { Database } from './database.ts'
import { type Collections, createCollections } from './mail/collections.ts'
import { type Contents, createContents } from './mail/contents.ts'
import { createInbox, type Inbox } from './mail/inbox.ts'
import { createLedger, type Ledger } from './mail/ledger.ts'
import { createQueue, type Queue } from './mail/queue.ts'
import { createReceived, type Received } from './mail/received.ts'
import { createSent, type Sent } from './mail/sent.ts'
import { createTallies, type Tallies } from './mail/tallies.ts'
import { createMedia, type Media } from './media.ts'
import { createMeta, type Meta } from './meta.ts'
import { createDevices, type Devices } from './people/devices.ts'
import { createPhoneKeys, type PhoneKeyRing } from './people/phone-keys.ts'
import { createPreKeys, type PreKeys } from './people/prekeys.ts'
import { createSignalKeys, type SignalKeys } from './people/signal-keys.ts'
import { createStateKeys, type StateKeys } from './people/state-keys.ts'
import { createUsers, type Users } from './people/users.ts'
import { createRandom, type Random } from './random.ts'
import { type Channels, createChannels } from './social/channels.ts'
import { createGroupReceipts, type GroupReceipts } from './social/group-receipts.ts'
import { createGroups, type Groups } from './social/groups.ts'
import { createPictures, type Pictures } from './social/pictures.ts'
import { createProfiles, type Profiles } from './social/profiles.ts'
import { createSenderKeySightings, type SenderKeySightings } from './social/sender-keys.ts'

/**
 * Everything the simulator knows, and its clock and dice. Passed as the first argument to whatever acts on
 * it.
 */
export type World = {
  readonly db: Database
  readonly meta: Meta
  readonly users: Users
  readonly phoneKeys: PhoneKeyRing
  readonly devices: Devices
  readonly preKeys: PreKeys
  readonly signalKeys: SignalKeys
  readonly queue: Queue
  readonly inbox: Inbox
  readonly sent: Sent
  readonly ledger: Ledger
  readonly received: Received
  readonly media: Media
  readonly contents: Contents
  readonly collections: Collections
  readonly stateKeys: StateKeys
  readonly channels: Channels
  readonly groups: Groups
  readonly groupReceipts: GroupReceipts
  readonly pictures: Pictures
  readonly profiles: Profiles
  readonly senderKeys: SenderKeySightings
  readonly tallies: Tallies
  readonly random: Random
  readonly seed: number
  now(): Date
}

export type WorldOptions = {
  /** The folder that keeps it; without one it is gone when the simulator stops. */
  readonly stateDir?: string
  readonly seed: number
  now(): Date
}

const STARTS = 'starts'

export function openWorld({ stateDir, seed, now }: WorldOptions): World {
  const db = new Database(stateDir === undefined ? ':memory:' : join(stateDir, 'simulator.db'))
  const meta = createMeta(db)
  const starts = Number(meta.get(STARTS) ?? 0) + 1
  meta.put(STARTS, starts)
  return {
    db,
    meta,
    users: createUsers(db, seed),
    phoneKeys: createPhoneKeys(db, seed),
    devices: createDevices(db),
    preKeys: createPreKeys(db),
    signalKeys: createSignalKeys(db),
    queue: createQueue(db),
    inbox: createInbox(db),
    sent: createSent(db),
    ledger: createLedger(db),
    received: createReceived(db),
    media: createMedia(db),
    contents: createContents(db),
    collections: createCollections(db),
    stateKeys: createStateKeys(db),
    channels: createChannels(db),
    groups: createGroups(db),
    groupReceipts: createGroupReceipts(db),
    pictures: createPictures(db),
    profiles: createProfiles(db),
    senderKeys: createSenderKeySightings(db),
    tallies: createTallies(db),
    random: createRandom(seed, `start ${starts}`),
    seed,
    now,
  }
}

/**
 * Forgets all users and what they did; the server's own keys stay, because clients were told to trust them.
 */
export function emptyWorld(world: World): void {
  const {
    users,
    phoneKeys,
    devices,
    preKeys,
    signalKeys,
    queue,
    inbox,
    sent,
    ledger,
    contents,
    collections,
    stateKeys,
    channels,
    groups,
    groupReceipts,
    pictures,
    profiles,
    senderKeys,
    received,
    media,
    tallies,
  } = world
  const tables = [
    users,
    phoneKeys,
    devices,
    preKeys,
    signalKeys,
    queue,
    inbox,
    sent,
    ledger,
    contents,
    collections,
    stateKeys,
    channels,
    groups,
    groupReceipts,
    pictures,
    profiles,
    senderKeys,
    received,
    media,
    tallies,
  ]
  for (const table of tables) table.clear()
}
