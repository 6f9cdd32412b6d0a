import { createSecretKey, type KeyObject } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError, reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { Secret } from '../lib/secret.ts'
import type { Access } from './access.ts'
import { createAccountStore } from './accounts.ts'
import { createAuditStore } from './audit.ts'
import { createContactStore } from './contacts.ts'
import { checkKey, initialiseKeys } from './crypto/keyring.ts'
import { Vault } from './crypto/vault.ts'
import { Connection } from './database/connection.ts'
import { copyBefore, forgetOldCopy } from './database/copy-before.ts'
import { checkAtStart, checkLater, isUnchecked } from './database/later-check.ts'
import { lockDataFolder } from './database/lock.ts'
import { migrate, schemaVersion } from './database/migrate.ts'
import { createPrivately } from './database/private-file.ts'
import { MIGRATIONS } from './database/schema.ts'
import { createDecisionStore } from './decisions.ts'
import { createDeliveryStore } from './deliveries.ts'
import { createDiskWatch, type Statfs } from './disk.ts'
import { createEndpointStore } from './endpoints.ts'
import { createEventStore } from './events.ts'
import { createJournalStore } from './journal.ts'
import { createLimitStore } from './limits.ts'
import { createMediaStore } from './media.ts'
import { createMessageStore } from './messages.ts'
import { createMetaStore } from './meta.ts'
import { createPolicyStore } from './policies.ts'
import { createPrivacyStore } from './privacy.ts'
import { createRecipientStore } from './recipients.ts'
import { createRetentionStore } from './retention.ts'
import { createSignalKeyStore } from './signal-keys.ts'
import type { Store } from './store.ts'
import { createTallyStore } from './tallies.ts'
import { Writer } from './writer/writer.ts'

export type OpenOptions = {
  readonly dataDir: string
  /** The key-encryption key: 32 bytes. */
  readonly key: Secret
  readonly now: () => Date
  readonly log: Log
  /** How full the disk is; asked of the system when absent. */
  readonly statfs?: Statfs
  /** When what grows with every message is looked through, after a process that did not close; half a minute when absent. */
  readonly checkAfterMs?: number
}

export const DATABASE_FILE = 'postern.db'
const KEY_BYTES = 32

/** True when the folder holds a store, opened or not. */
export function storeExists(dataDir: string): boolean {
  return existsSync(join(dataDir, DATABASE_FILE))
}

/**
 * Opens the store of a data folder, and makes it when there is none. One process at a time: throws PosternError
 * `store.locked`. Throws as well `store.wrong_key`, `store.too_new` and `store.migration_failed`, all having changed
 * nothing, `store.corrupt`, `store.unsafe`, `store.cannot_open`.
 */
export async function openStore(options: OpenOptions): Promise<Store> {
  const { dataDir } = options
  const key = keyOf(options.key)
  makeFolder(dataDir)
  const lock = lockDataFolder(dataDir)
  const file = join(dataDir, DATABASE_FILE)
  try {
    const { unclean } = prepare(file, key, options)
    return await assemble({ ...options, file, key, unclean, unlock: lock.release })
  } catch (error) {
    lock.release()
    throw error
  }
}

function makeFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new PosternError('store.cannot_open', `the data folder cannot be made: ${reasonOf(cause)}`, {
      cause,
    })
  }
}

/** Checks first, then copies and migrates, so that a wrong key or an older program changes nothing. */
function prepare(file: string, key: KeyObject, { log, now }: OpenOptions): { readonly unclean: boolean } {
  const unclean = isUnchecked(file)
  createPrivately(file)
  const db = Connection.open(file, 'write')
  try {
    const schema = schemaVersion(db)
    const isThere = schema > 0
    if (isThere) checkKey(db, key)
    if (isThere) checkAtStart(db, file, { unclean })
    forgetOldCopy(file, MIGRATIONS.length, now())
    if (isThere && schema < MIGRATIONS.length) {
      const copy = copyBefore(db, file, schema)
      log.info('store.copied', { copy, schema, wanted: MIGRATIONS.length })
    }
    migrate(db, MIGRATIONS, () => initialiseKeys(db, key))
    return { unclean: isThere && unclean }
  } finally {
    db.close()
  }
}

type Parts = Pick<OpenOptions, 'now' | 'log' | 'statfs' | 'checkAfterMs'> & {
  readonly file: string
  readonly unclean: boolean
  readonly key: KeyObject
  unlock(): void
}

async function assemble(parts: Parts): Promise<Store> {
  const { file, key, now, log, statfs } = parts
  const writer = await Writer.start({ file, key }, log)
  const db = await openReader(file, writer)
  const disk = createDiskWatch(file, { log, measure: statfs })
  await disk.look()
  const reader = { db, vault: new Vault(db, key) }
  const check = parts.unclean ? checkLater(file, { log, afterMs: parts.checkAfterMs }) : undefined
  const telling: Access['writer'] = {
    run: (name, args) => writer.run(name, args),
    onCommit: listener => writer.onCommit(listener),
    onFailure: listener => {
      const [one, other] = [writer.onFailure(listener), check?.onFailure(listener)]
      return () => void [one(), other?.()]
    },
  }
  return storeOver({ reader, writer: telling, now, disk }, async () => {
    disk.stop()
    await check?.stop()
    db.close() // first: the checkpoint must not wait for a reader
    await writer.close()
    parts.unlock()
  })
}

/** The store over a reader and a writer that are there already; `end` is called once, by the first `close`. */
export function storeOver(access: Access, end: () => Promise<void>): Store {
  const { reader, writer } = access
  // A device that is removed takes its data key along; a copy in memory must not outlive it.
  writer.onCommit(topics => void (topics.has('accounts') && reader.vault.keyring.forget()))
  const decisions = createDecisionStore(access)
  let closed: Promise<void> | undefined
  return {
    accounts: createAccountStore(access),
    signalKeys: createSignalKeyStore(access),
    journal: createJournalStore(access),
    messages: createMessageStore(access),
    media: createMediaStore(access),
    recipients: createRecipientStore(access),
    contacts: createContactStore(access),
    events: createEventStore(access),
    deliveries: createDeliveryStore(access),
    endpoints: createEndpointStore(access),
    audit: createAuditStore(access),
    decisions,
    retention: createRetentionStore(access),
    privacy: createPrivacyStore(access),
    limits: createLimitStore(access),
    meta: createMetaStore(access),
    policies: createPolicyStore(access),
    tallies: createTallyStore(access),
    disk: access.disk,
    onCommit: listener => writer.onCommit(listener),
    onFailure: listener => writer.onFailure(listener),
    close: () => {
      closed ??= decisions
        .flush()
        .catch(() => {})
        .then(end) // a writer that cannot says so itself
      return closed
    },
  }
}

async function openReader(file: string, writer: Writer): Promise<Connection> {
  try {
    return Connection.open(file, 'read')
  } catch (error) {
    await writer.close()
    throw error
  }
}

function keyOf(secret: Secret): KeyObject {
  const bytes = secret.reveal()
  if (bytes.length === KEY_BYTES) return createSecretKey(bytes)
  throw new PosternError(
    'store.wrong_key',
    `the master key must be ${KEY_BYTES} bytes, it is ${bytes.length}`,
  )
}
