import { createServer, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  type BadCertificate,
  createChains,
  newServerIdentity,
  type ServerIdentity,
} from '../noise/certificate.ts'
import { isPlayed } from '../phones/phone.ts'
import { Phones } from '../phones/phones.ts'
import type { World } from '../store/world.ts'
import { Connection } from '../wire/connection.ts'
import { Client } from './client.ts'
import { Clients } from './clients.ts'
import { Presences } from './contacts/presences.ts'
import { dispatch } from './dispatch.ts'
import { Faults } from './faults/faults.ts'
import { reinstall } from './faults/reinstall.ts'
import { strikeAfterMessage } from './faults/strike.ts'
import { announceDevices } from './linking/device-list.ts'
import { Pairings } from './linking/pairings.ts'
import { logIn } from './login.ts'
import { MediaHost } from './media/host.ts'
import { Delivery } from './messages/delivery.ts'
import type { Network } from './network.ts'
import { StanzaLog } from './stanza-log.ts'
import { recordViolation } from './violations.ts'

const PATH = '/ws/chat'
const IDENTITY = 'server-identity'

export function createNetwork(
  world: World,
  { qrLifetimeMs }: { qrLifetimeMs?: number | undefined } = {},
): Network {
  const clients = new Clients()
  const faults = new Faults(world)
  const media = new MediaHost({ world, faults })
  const phones: Phones = new Phones({
    world,
    enqueue: (...stanza) => delivery.enqueue(...stanza),
    asksAgain: sender => faults.fires('retry-receipt', sender) !== undefined,
    mediaOrigin: () => media.origin,
    beforeMessage: user => {
      if (faults.fires('identity-change', user.number) !== undefined) reinstall(network, user)
    },
  })
  const delivery = new Delivery({
    world,
    clients,
    faults,
    wake: mailbox => void phones.wake(mailbox),
    messagePassed: (client, number) => strikeAfterMessage(network, client, number),
  })
  for (const mailbox of world.queue.waiting()) if (isPlayed(world, mailbox)) void phones.wake(mailbox)
  const pairings = new Pairings({
    world,
    onLinked: (user, device) => announceDevices(network, user, { change: 'add', devices: [device] }),
    lifetimeMs: qrLifetimeMs,
  })
  const presences = new Presences(world)
  const network: Network = {
    world,
    clients,
    faults,
    phones,
    delivery,
    media,
    pairings,
    log: new StanzaLog(),
    presences,
    unanswered: new Set(),
  }
  return network
}

/** The server's side of every WebSocket: one identity, a fresh certificate chain for each handshake. */
export class ChatServer {
  /** Set by tests of clients: what to get wrong in the chains of new handshakes. */
  badCertificate: BadCertificate | undefined
  readonly #network: Network
  readonly #identity: ServerIdentity
  readonly #chains: ReturnType<typeof createChains>
  readonly #http: Server
  readonly #sockets: WebSocketServer

  constructor(network: Network) {
    this.#network = network
    this.#identity = serverIdentity(network.world)
    this.#chains = createChains(this.#identity, network.world.now)
    this.#http = createServer((_request, response) => response.writeHead(426).end('WebSocket only\n'))
    this.#sockets = new WebSocketServer({ server: this.#http, path: PATH })
    this.#sockets.on('connection', (socket, { socket: stream }) => this.#accept(socket, stream))
  }

  /** The public key that a client has to trust. */
  get rootKey(): Uint8Array {
    return this.#identity.root.public
  }

  /** Gives the address that clients connect to. */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(port, host, resolve)
    })
    const address = this.#http.address()
    return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : port}${PATH}`
  }

  async close(): Promise<void> {
    for (const client of this.#network.clients.all()) client.connection.cut()
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#sockets.close()
    await new Promise(resolve => this.#http.close(resolve))
  }

  #accept(socket: WebSocket, stream: Duplex): void {
    const network = this.#network
    const { world, clients, pairings, presences } = network
    let client: Client | undefined
    const connection = new Connection(socket, {
      stream,
      identity: this.#identity,
      certificate: () => this.#chains(this.badCertificate),
      events: {
        handshaken({ clientStatic, payload }) {
          client = new Client(connection, clientStatic)
          clients.add(client)
          if (payload.devicePairingData) pairings.begin(client, payload.devicePairingData)
          else logIn(network, client, payload)
        },
        stanza: async node => {
          clients.stanzaCount++
          if (client === undefined) return
          network.log.record('in', client.deviceName, node)
          await dispatch(network, client, node)
        },
        sent: node => network.log.record('out', client?.deviceName ?? '', node),
        broken(detail) {
          recordViolation(world, { kind: 'noise-failure', account: client?.account?.user.number, detail })
        },
        closed() {
          if (client === undefined) return
          clients.remove(client)
          pairings.forget(client)
          presences.drop(client)
        },
      },
    })
  }
}

function serverIdentity(world: World): ServerIdentity {
  const known = world.meta.get(IDENTITY)
  if (known !== undefined) return known as ServerIdentity
  const identity = newServerIdentity()
  world.meta.put(IDENTITY, identity)
  return identity
}
