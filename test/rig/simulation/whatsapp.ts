import { createHash } from 'node:crypto'
import { newId } from '../../../app/lib/ids.ts'
import { silentLog } from '../../../app/lib/log.ts'
import type { RouteEvent } from '../../../app/model/event.ts'
import { type Message, textOf } from '../../../app/model/message.ts'
import { messageEvent } from '../../../app/model/message-event.ts'
import type { SendOrder, SendOutcome, SendPort } from '../../../app/model/send-port.ts'
import type { Store } from '../../../app/store/store.ts'
import type { Reading } from '../../../app/whatsapp/inbound/reading.ts'
import { encodeStanza } from '../../../app/whatsapp/journal/arrival.ts'
import { DeviceMail } from '../../../app/whatsapp/journal/device-mail.ts'
import { Recorder } from '../../../app/whatsapp/journal/recorder.ts'
import { Resends } from '../../../app/whatsapp/resends.ts'
import type { Mail, World } from './outside.ts'

const ACCOUNT = 'main'
const ME = { id: '12025550100:1@s.whatsapp.net' }
/** Shorter than in life, because the outbox looks about while it waits, and each look costs time. */
const ACK_WITHIN_MS = 2_000
const GONE: SendOutcome = { kind: 'retry', reason: 'the connection is gone' }

/**
 * One life's way to WhatsApp: the port that the outbox sends through and the journal that takes what comes, over a
 * connection that breaks, loses acks and receipts, and refuses. What the server and the phones know is outside.
 */
export class WhatsApp implements SendPort {
  readonly #world: World
  readonly #store: Store
  readonly #recorder: Recorder
  readonly #abandoned = new Set<(outcome: SendOutcome) => void>()
  #tellOpen: (account: string) => void = () => {}
  #connection = 0
  #isOpen = false

  constructor(world: World, store: Store, route: RouteEvent) {
    this.#world = world
    this.#store = store
    const about = { account: ACCOUNT, store, log: silentLog, now: world.clock.now }
    this.#recorder = new Recorder({
      ...about,
      unreadMs: 0,
      resends: new Resends({ ...about, random: () => world.dice.next(), ackMs: 0 }),
      mail: new DeviceMail({ ...about, socket: () => undefined, readPast: async () => undefined }),
      read: async (_, { plaintext, at }) => readingOf(mailOf(plaintext), at, route),
      recorded: () => {},
    })
  }

  /** Takes up what the life before left in the journal, then connects. */
  async begin(): Promise<void> {
    const { clock, dice } = this.#world
    await this.#recorder.resume()
    clock.after(dice.between(50, 500), () => this.#open())
  }

  openAccounts(): readonly string[] {
    return this.#isOpen ? [ACCOUNT] : []
  }

  onOpen(listener: (account: string) => void): void {
    this.#tellOpen = listener
  }

  send(order: SendOrder): Promise<SendOutcome> {
    return new Promise(settle => {
      this.#abandoned.add(settle)
      this.#carry(order, outcome => {
        this.#abandoned.delete(settle)
        settle(outcome)
      })
    })
  }

  #carry({ chat, messageId, content }: SendOrder, end: (outcome: SendOutcome) => void): void {
    const { clock, dice, outside } = this.#world
    const fate = this.#world.rough() ? dice.between(1, 100) : 100
    if (fate <= 5) return void clock.after(20, () => end({ kind: 'retry', reason: 'refused for now' }))
    clock.after(ACK_WITHIN_MS, () => end({ kind: 'retry', reason: 'no ack in time' }))
    if (fate <= 10) return // lost on its way
    clock.after(dice.between(2, 80), () => {
      outside.phones.push({ key: textOf(content) ?? '', id: messageId, chat })
      if (fate <= 18) return // its ack is lost
      const late = fate <= 22 ? 1.2 * ACK_WITHIN_MS : 0
      clock.after(dice.between(2, 80) + late, () => end({ kind: 'acked', at: clock.now() }))
    })
  }

  #open(): void {
    const { clock, dice, outside } = this.#world
    this.#isOpen = true
    this.#connection += 1
    this.#deliver([...outside.mailbox], this.#connection)
    this.#tellOpen(ACCOUNT)
    if (this.#world.rough() && dice.chance(30)) clock.after(dice.between(20, 3_000), () => this.#breakOff())
  }

  #breakOff(): void {
    const { clock, dice } = this.#world
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const abandon of this.#abandoned) abandon(GONE)
    this.#abandoned.clear()
    clock.after(dice.between(100, 3_000), () => this.#open())
  }

  /** In order, over one connection: what is behind waits, also for a stanza that takes its time. */
  #deliver([next, ...rest]: readonly Mail[], over: number): void {
    const { clock, dice, outside } = this.#world
    const waitMs = next === undefined ? dice.between(10, 120) : dice.between(1, 30)
    clock.after(waitMs, () => {
      if (over !== this.#connection || !this.#isOpen) return
      const mail = next ?? outside.unsaid.in.shift() // behind what waited comes what people say meanwhile
      if (mail === undefined) return
      if (next === undefined) {
        outside.written.push({ key: mail.text, id: mail.id, chat: mail.chat })
        outside.mailbox.push(mail)
      }
      this.#arrive(mail, over)
      this.#deliver(rest, over)
    })
  }

  #arrive(mail: Mail, over: number): void {
    const { clock, dice, receiptFirst } = this.#world
    const plaintext = Buffer.from(JSON.stringify(mail))
    const node = { tag: 'message', attrs: { id: mail.id, from: `${mail.chat.slice(1)}@s.whatsapp.net` } }
    const digest = createHash('sha256').update(mail.id).digest()
    const stanza = encodeStanza({ node, me: ME })
    const arrival = { account: ACCOUNT, digest, at: clock.now(), stanza, plaintext }
    if (receiptFirst) this.#receiptLeaves(mail, over)
    const changes = [{ type: 'session', id: mail.chat, value: plaintext }]
    this.#store.journal.add(arrival, { chain: `connection ${over}`, changes }).then(
      seq => {
        if (!this.#world.rough() || !dice.chance(10)) this.#receiptLeaves(mail, over)
        if (seq !== undefined) this.#recorder.accept({ ...arrival, seq })
      },
      () => this.#breakOff(), // what is not stored is not acknowledged, and comes again with the next connection
    )
  }

  #receiptLeaves(mail: Mail, over: number): void {
    const { clock, dice, outside } = this.#world
    clock.after(dice.between(1, 40), () => {
      const at = outside.mailbox.indexOf(mail)
      if (over === this.#connection && at !== -1) outside.mailbox.splice(at, 1)
    })
  }
}

function mailOf(plaintext: Uint8Array | undefined): Mail {
  return JSON.parse(Buffer.from(plaintext ?? []).toString()) as Mail
}

function readingOf({ id, chat, text }: Mail, at: Date, route: RouteEvent): Reading {
  const message: Message = {
    ...{ id: newId('msg', at), account: ACCOUNT, direction: 'in', chat, from: chat, messageId: id },
    ...{
      status: 'received',
      content: { type: 'text', text: { body: text } },
      createdAt: at,
      attemptCount: 0,
    },
    timeline: [{ status: 'received', at }],
  }
  const event = route(messageEvent('message.received', message))
  return { changes: [{ kind: 'message', message, effects: { events: [event] } }], kept: true }
}
