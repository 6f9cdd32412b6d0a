import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Agent as HttpsAgent } from 'node:https'
import type { TestContext } from 'node:test'
import {
  type AnyMessageContent,
  downloadMediaMessage,
  type MiscMessageGenerationOptions,
  type proto,
  type UserFacingSocketConfig,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys'
import { Agent } from 'undici'
import { silentLogger } from '../../phones/signal/silence.ts'
import { CONTACT, jid, MAIN, Rig, until } from '../rig.ts'

export type InboxEntry = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
type Config = Partial<UserFacingSocketConfig>

/** A linked account whose Baileys trusts the media host, and somebody with a phone whom it talks to. */
export class Chat {
  readonly rig: Rig
  readonly sock: WASocket
  readonly #config: Config
  readonly #arrived: WAMessage[] = []

  private constructor(rig: Rig, sock: WASocket, config: Config) {
    this.rig = rig
    this.sock = sock
    this.#config = config
    sock.ev.on('messages.upsert', ({ messages }) => this.#arrived.push(...messages))
  }

  static async start(t: TestContext): Promise<Chat> {
    const rig = await Rig.start(t)
    const config = trusting(t, rig.simulator.mediaCa)
    await rig.ask('POST', '/phones', { number: CONTACT, name: 'Bob' })
    const { sock } = await rig.linked(MAIN, { ...config, emitOwnEvents: false })
    return new Chat(rig, sock, config)
  }

  /** Sends from the account; gives the message as its Baileys made it. */
  async send(content: AnyMessageContent, options: MiscMessageGenerationOptions = {}): Promise<WAMessage> {
    const sent = await this.sock.sendMessage(jid(CONTACT), content, options)
    assert.ok(sent)
    return sent
  }

  /** Sends a message that Baileys has no content for; gives its id. */
  relay(message: proto.IMessage): Promise<string> {
    return this.sock.relayMessage(jid(CONTACT), message, {})
  }

  /** What the contact's phone has filed of a message. */
  async entry(id: string | null | undefined): Promise<InboxEntry> {
    const entries = await until(
      () => this.rig.inbox(CONTACT),
      all => all.some(entry => entry.id === id),
    )
    const found = entries.find(entry => entry.id === id)
    assert.ok(found, `the contact has no message ${id}`)
    return found as InboxEntry
  }

  /** Lets the contact send; gives the message as the account's Baileys shows it. */
  async receive(type: string, member: unknown, around: object = {}): Promise<WAMessage> {
    const body = { to: MAIN, type, [type]: member, ...around }
    return this.arrival(`/phones/${CONTACT}/send`, body)
  }

  /** The message that comes of a request to the admin API. */
  async arrival(path: string, body: unknown): Promise<WAMessage> {
    const { id } = await this.rig.ask<{ id: string }>('POST', path, body)
    const find = () => this.#arrived.find(({ key }) => key.id === id)
    const message = await until(find, found => found !== undefined)
    assert.ok(message, `message ${id} has not arrived`)
    return message
  }

  /** The ids of everything that has arrived. */
  arrivals(): readonly (string | null | undefined)[] {
    return this.#arrived.map(({ key }) => key.id)
  }

  download(message: WAMessage): Promise<Buffer> {
    const reuploadRequest = this.sock.updateMediaMessage
    return downloadMediaMessage(
      message,
      'buffer',
      this.#config.options === undefined ? {} : { options: this.#config.options },
      {
        logger: silentLogger,
        reuploadRequest,
      },
    )
  }

  /** The decrypted file of a message as a phone has it. */
  async fileOn(number: string, id: string | null | undefined): Promise<Buffer> {
    const { data } = await this.rig.ask<{ data: string }>('GET', `/phones/${number}/media/${id}`)
    return Buffer.from(data, 'base64')
  }
}

/** The configuration of a Baileys that trusts one CA more. */
export function trusting(t: TestContext, ca: string): Config {
  const dispatcher = new Agent({ connect: { ca } })
  const agent = new HttpsAgent({ ca })
  t.after(async () => {
    agent.destroy()
    await dispatcher.close()
  })
  return { fetchAgent: agent, options: { dispatcher } as unknown as NonNullable<Config['options']> }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
