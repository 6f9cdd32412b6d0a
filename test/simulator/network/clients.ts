import type { Mailbox } from '../store/mail/queue.ts'
import type { Client } from './client.ts'

/** The connections there are, and which device is behind which. */
export class Clients {
  readonly #all = new Set<Client>()
  /** How many stanzas have come in since the simulator started. */
  stanzaCount = 0
  /** How many connections have been made since then. */
  handshakeCount = 0
  readonly #byDevice = new Map<string, Client>()

  get count(): number {
    return this.#all.size
  }

  add(client: Client): void {
    this.handshakeCount++
    this.#all.add(client)
  }

  /** Binds a connection to its device; gives the connection that the device had before. */
  bind(client: Client, mailbox: Mailbox): Client | undefined {
    const before = this.#byDevice.get(key(mailbox))
    this.#byDevice.set(key(mailbox), client)
    return before
  }

  of(mailbox: Mailbox): Client | undefined {
    return this.#byDevice.get(key(mailbox))
  }

  /** Connections of an account, or all that are logged in. */
  loggedIn(number?: string): readonly Client[] {
    const all = [...this.#byDevice.values()]
    return number === undefined ? all : all.filter(({ account }) => account?.user.number === number)
  }

  all(): readonly Client[] {
    return [...this.#all]
  }

  remove(client: Client): void {
    this.#all.delete(client)
    const { account } = client
    if (account === undefined) return
    const mailbox = { number: account.user.number, device: account.device.id }
    if (this.#byDevice.get(key(mailbox)) === client) this.#byDevice.delete(key(mailbox))
  }
}

function key({ number, device }: Mailbox): string {
  return `${number}:${device}`
}
