import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import {
  type BinaryNode,
  DEFAULT_CONNECTION_CONFIG,
  getBinaryNodeChildren,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys'
import { step } from '../../lib/step.ts'
import type { Arrival, JournalEntry, KeyChanges } from '../../store/journal.ts'
import type { SignalKeyChange } from '../../store/signal-keys.ts'
import type { Store } from '../../store/store.ts'
import {
  ciphertextDigest,
  encodeStanza,
  envelopeOf,
  type Me,
  type Stanza,
  stanzaDigest,
  unreadDigest,
} from './arrival.ts'
import type { Gate } from './gate.ts'

export type IntakeDeps = {
  readonly account: string
  readonly store: Store
  readonly now: () => Date
  readonly gate: Gate
  readonly me: () => Me | undefined
  /** True for a stanza that says something although it is not encrypted. */
  readonly speaks: (node: BinaryNode) => boolean
  /** Told of each arrival once it is durable, in their order. */
  readonly arrived: (entry: JournalEntry, stanza: Stanza) => void
}

/** A ciphertext being read, and what it says once that is known. */
type Reading = { readonly node: BinaryNode; readonly digest: Uint8Array; plaintext?: Uint8Array }

/** How the library opens a ciphertext, and the lock under which it does. */
type Cipher = { readonly lock: string; readonly decrypt: () => Promise<Uint8Array> }

/** What the points of the work on a stanza are called after (lib/step.ts). */
const NAMES: Readonly<Record<string, string>> = {
  message: 'inbound',
  receipt: 'receipt',
  notification: 'notification',
  call: 'call',
}

const readings = new AsyncLocalStorage<Reading>()

/** The way in of one connection: nothing that came is acknowledged before it is in the journal. */
export class Intake {
  readonly #deps: IntakeDeps
  readonly #chain = randomUUID()
  readonly #envelopes = new WeakMap<Uint8Array, BinaryNode>()
  /** What is on its way to the disk and cannot be found there yet. */
  readonly #underWay = new Map<string, Uint8Array>()

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  /** Hears every stanza before the library does. */
  heard(node: BinaryNode): void {
    const name = NAMES[node.tag]
    if (name === undefined) return
    step(`${name}.stanza`)
    for (const { content } of getBinaryNodeChildren(node, 'enc')) {
      if (content instanceof Uint8Array) this.#envelopes.set(content, node)
    }
    if (this.#deps.speaks(node)) void this.#add(node, { digest: stanzaDigest(node) })
  }

  /**
   * Keeps key changes, those that reading a message makes together with what it said. Resolves when they are on the disk,
   * for which the library need not wait: the gate keeps every later frame until then, and the next message is read or
   * encrypted meanwhile, so that many share a commit.
   */
  storeKeys(changes: readonly SignalKeyChange[]): Promise<void> {
    const { account, store, gate } = this.#deps
    const reading = readings.getStore()
    if (reading?.plaintext !== undefined) {
      const { node, digest, plaintext } = reading
      return this.#add(node, { digest, plaintext }, { chain: this.#chain, changes })
    }
    const write = store.signalKeys.set(account, changes, this.#chain)
    gate.hold(write)
    return write
  }

  /** The library's own repository, whose reading of messages goes through the journal. */
  readonly makeRepository: SocketConfig['makeSignalRepository'] = (auth, logger, lookup) => {
    const plain = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookup)
    const keys = auth.keys as SignalKeyStoreWithTransaction // made by the socket, which has just given it this capability
    return {
      ...plain,
      decryptMessage: of =>
        this.#read(keys, of.ciphertext, { lock: of.jid, decrypt: () => plain.decryptMessage(of) }),
      decryptGroupMessage: of =>
        this.#read(keys, of.msg, { lock: of.group, decrypt: () => plain.decryptGroupMessage(of) }),
    }
  }

  /** What a ciphertext says: from the journal when it was read before, for no key opens it twice. */
  async #read(keys: SignalKeyStoreWithTransaction, ciphertext: Uint8Array, how: Cipher): Promise<Uint8Array> {
    const node = this.#envelopes.get(ciphertext)
    if (node === undefined) throw new Error('a ciphertext came in no stanza')
    const digest = ciphertextDigest(node, ciphertext)
    const known = this.#underWay.get(hex(digest)) ?? (await this.#found(digest))
    if (known !== undefined) return known
    const reading: Reading = { node: envelopeOf(node), digest }
    // The library nests its own transaction in this one, whose commit is then the one that carries the plaintext.
    const read = () =>
      keys.transaction(async () => {
        reading.plaintext = await decrypted(how)
        step('inbound.decrypted')
        return reading.plaintext
      }, how.lock)
    try {
      return await readings.run(reading, read)
    } catch (error) {
      // With the gate shut it may have been a key that could not be read, and the message comes again.
      if (error instanceof Unreadable && isShown(node) && !this.#deps.gate.isShut)
        void this.#add(reading.node, { digest: unreadDigest(node) })
      throw error instanceof Unreadable ? error.cause : error
    }
  }

  /** What the journal has. Without an answer nobody may take the ciphertext for one that does not open. */
  async #found(digest: Uint8Array): Promise<Uint8Array | undefined> {
    const { account, store, gate } = this.#deps
    try {
      return await store.journal.plaintext(account, digest)
    } catch (error) {
      gate.fail(error)
      throw error
    }
  }

  #add(node: BinaryNode, found: Pick<Arrival, 'digest' | 'plaintext'>, keys?: KeyChanges): Promise<void> {
    const { account, store, now, gate, me, arrived } = this.#deps
    const self = me()
    if (self === undefined) throw new Error('a device that nobody has linked was written to')
    const name = NAMES[node.tag] ?? node.tag
    const stanza: Stanza = { node, me: self }
    const arrival: Arrival = { account, at: now(), stanza: encodeStanza(stanza), ...found }
    const mark = hex(found.digest)
    if (found.plaintext !== undefined) this.#underWay.set(mark, found.plaintext)
    const write = store.journal.add(arrival, keys).then(seq => {
      this.#underWay.delete(mark)
      step(`${name}.journaled`)
      if (seq !== undefined) arrived({ ...arrival, seq }, stanza)
    })
    gate.hold(write, () => step(`${name}.receipt_left`))
    return write
  }
}

/** The library could not open it: no key does, or none could be read, which has shut the gate. */
class Unreadable extends Error {}

async function decrypted({ decrypt }: Cipher): Promise<Uint8Array> {
  try {
    return await decrypt()
  } catch (cause) {
    throw new Unreadable('the ciphertext does not open', { cause })
  }
}

/** False for what nobody would miss: gestures, which ask to be hidden when they cannot be read, and talk between devices. */
function isShown(node: BinaryNode): boolean {
  const hidden = getBinaryNodeChildren(node, 'enc').some(({ attrs }) => attrs['decrypt-fail'] === 'hide')
  return !hidden && node.attrs.category !== 'peer'
}

function hex(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex')
}
