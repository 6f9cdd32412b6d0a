import type { Device } from '../store/people/devices.ts'
import type { User } from '../store/people/users.ts'
import { SERVER } from '../wire/address.ts'
import type { Connection } from '../wire/connection.ts'
import { type Stanza, stanza } from '../wire/stanza.ts'

/** The device behind a connection once it has logged in. */
export type LoggedIn = { readonly user: User; readonly device: Device }

/** One connection and what is known of who is behind it. */
export class Client {
  readonly connection: Connection
  readonly noiseKey: Buffer
  /** undefined until logged in. */
  account: LoggedIn | undefined
  /** True from the moment the device has asked for its stanzas. */
  isReady = false
  /** The last queued stanza that this connection was sent. */
  deliveredSeq = 0
  /** True when a fault keeps from it whatever is not an answer. */
  isDeaf = false
  /** How far a fault has put the clock ahead that this connection is told of. */
  skewMs = 0
  /** Messages that a fault lets later ones overtake. */
  readonly held: Stanza[] = []
  #asked = 0

  constructor(connection: Connection, noiseKey: Buffer) {
    this.connection = connection
    this.noiseKey = noiseKey
  }

  send(node: Stanza): void {
    this.connection.send(this.skewMs === 0 ? node : skewed(node, this.skewMs))
  }

  /** `number:id` of the device behind it, empty until it has logged in. */
  get deviceName(): string {
    return this.account === undefined ? '' : `${this.account.user.number}:${this.account.device.id}`
  }

  sendHeld(): void {
    for (const node of this.held.splice(0)) this.send(node)
  }

  /** An iq of the server's own; its id is unique on this connection. */
  ask(xmlns: string, content: Stanza[]): string {
    const id = `server-${++this.#asked}`
    this.send(stanza('iq', { from: SERVER, type: 'set', id, xmlns }, content))
    return id
  }

  answer(iq: Stanza, content?: Stanza[]): void {
    this.send(stanza('iq', { from: iq.attrs.to ?? SERVER, type: 'result', id: iq.attrs.id }, content))
  }

  refuse(iq: Stanza, error: { code: number; text: string }): void {
    const content = [stanza('error', { code: String(error.code), text: error.text })]
    this.send(stanza('iq', { from: iq.attrs.to ?? SERVER, type: 'error', id: iq.attrs.id }, content))
  }

  /** Ends the stream with an error; `code` and `conflict` as WhatsApp gives them. */
  endWith(error: { code?: number; conflict?: 'replaced' | 'device_removed' }): void {
    const content = error.conflict === undefined ? undefined : [stanza('conflict', { type: error.conflict })]
    const code = error.code === undefined ? undefined : String(error.code)
    this.connection.end(stanza('stream:error', { code }, content))
  }
}

function skewed(node: Stanza, skewMs: number): Stanza {
  const { t } = node.attrs
  if (t === undefined) return node
  return { ...node, attrs: { ...node.attrs, t: String(Number(t) + Math.round(skewMs / 1000)) } }
}
