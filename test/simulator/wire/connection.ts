import type { Duplex } from 'node:stream'
import { decodeBinaryNode, encodeBinaryNode } from '@whiskeysockets/baileys'
import type { WebSocket } from 'ws'
import type { ServerIdentity } from '../noise/certificate.ts'
import { FrameReader, frame } from '../noise/frames.ts'
import { type Handshaken, Responder } from '../noise/handshake.ts'
import type { Transport } from '../noise/transport.ts'
import { type Stanza, stanza } from './stanza.ts'

/**
 * What a connection reports. `stanza` is awaited: stanzas of one connection are handled one after the other.
 */
export type ConnectionEvents = {
  handshaken(result: Omit<Handshaken, 'transport'>): void
  stanza(received: Stanza): Promise<void>
  /** A stanza has gone out. */
  sent(node: Stanza): void
  /** The bytes made no sense or did not decrypt; the connection is gone afterwards. */
  broken(reason: string): void
  closed(): void
}

export type ConnectionDeps = {
  /** What lies below the WebSocket. */
  readonly stream: Duplex
  readonly identity: ServerIdentity
  certificate(): Uint8Array
  readonly events: ConnectionEvents
}

const GOODBYE_MS = 40

/** One client's WebSocket: handshake first, then encrypted stanzas both ways. */
export class Connection {
  readonly #socket: WebSocket
  readonly #deps: ConnectionDeps
  readonly #reader = new FrameReader()
  readonly #responder: Responder
  #phase: 'hello' | 'finish' | 'open' | 'silent' | 'closed' = 'hello'
  /** How many bytes a cut still lets through. */
  readonly #left: { down?: number; up?: number } = {}
  #transport: Transport | undefined
  #work: Promise<void> = Promise.resolve()
  #isGathering = false

  constructor(socket: WebSocket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#responder = new Responder(deps.identity.staticKey)
    socket.on('message', bytes => this.#enqueue(this.#passing(bytes as Buffer, 'up')))
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#phase = 'closed'
      deps.events.closed()
    })
  }

  send(node: Stanza): void {
    if (this.#transport === undefined || this.#phase !== 'open') return
    this.#write(this.#transport.encrypt(encodeBinaryNode(node)))
    this.#deps.events.sent(node)
  }

  /** Lets so many more bytes through in one direction and cuts the connection there, be it within a frame. */
  cutAfter(bytes: number, direction: 'down' | 'up'): void {
    this.#left[direction] ??= bytes
  }

  /** Neither hears nor says anything from now on, while the socket stays open. */
  silence(): void {
    if (this.#phase === 'open') this.#phase = 'silent'
  }

  /** Sends a last stanza, if any, and closes; nothing is read or written afterwards. */
  end(last?: Stanza): void {
    if (last !== undefined) this.send(last)
    this.#phase = 'closed'
    setTimeout(() => this.#socket.close(), GOODBYE_MS).unref()
  }

  /** Cuts the connection as a broken network does, without a word. */
  cut(): void {
    this.#phase = 'closed'
    this.#letGo()
    this.#socket.terminate()
  }

  /** Sends a frame that no key decrypts. */
  corrupt(): void {
    if (this.#transport === undefined || this.#phase !== 'open') return
    const sealed = this.#transport.encrypt(encodeBinaryNode(stanza('ib')))
    sealed.writeUInt8(sealed.readUInt8(0) ^ 1, 0)
    this.#write(sealed)
  }

  #enqueue(bytes: Buffer): void {
    this.#work = this.#work.then(async () => {
      try {
        for (const received of this.#reader.push(bytes)) await this.#take(received)
      } catch (error) {
        if (this.#phase === 'closed') return
        this.cut()
        this.#deps.events.broken(error instanceof Error ? error.message : String(error))
      }
    })
  }

  async #take(received: Buffer): Promise<void> {
    if (this.#phase === 'hello') {
      this.#write(this.#responder.hello(received, this.#deps.certificate()))
      this.#phase = 'finish'
    } else if (this.#phase === 'finish') {
      const { transport, ...result } = this.#responder.finish(received)
      this.#transport = transport
      this.#phase = 'open'
      this.#deps.events.handshaken(result)
    } else if (this.#phase === 'open' && this.#transport !== undefined) {
      await this.#deps.events.stanza(await decodeBinaryNode(this.#transport.decrypt(received)))
    }
  }

  #write(content: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const passing = this.#passing(frame(content), 'down')
    const isCut = this.#left.down === 0
    if (isCut) this.#phase = 'closed'
    if (isCut && passing.length === 0) this.cut()
    else this.#gather(() => this.#socket.send(passing, () => isCut && this.cut()))
  }

  /** What is said in one turn goes out in one write. */
  #gather(send: () => void): void {
    if (!this.#isGathering) {
      this.#isGathering = true
      this.#deps.stream.cork()
      process.nextTick(() => this.#letGo())
    }
    send()
  }

  #letGo(): void {
    if (this.#isGathering) this.#deps.stream.uncork()
    this.#isGathering = false
  }

  /** What a cut lets through of these bytes. */
  #passing(bytes: Buffer, direction: 'down' | 'up'): Buffer {
    const left = this.#left[direction]
    if (left === undefined) return bytes
    this.#left[direction] = Math.max(0, left - bytes.length)
    if (direction === 'up' && bytes.length >= left) this.#socket.terminate()
    return bytes.subarray(0, left)
  }
}
