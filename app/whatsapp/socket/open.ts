import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import {
  type BinaryNode,
  Browsers,
  makeWASocket,
  proto,
  type SocketConfig,
  type UserFacingSocketConfig,
  type WAMessage,
  type WAMessageKey,
  type WASocket,
} from '@whiskeysockets/baileys'
import type { Log } from '../../lib/log.ts'
import type { ChatId } from '../../model/chat.ts'
import type { RemoteFile } from '../../model/media.ts'
import type { MediaType } from '../../model/message.ts'
import type { AccountPolicy } from '../../policy/snapshot.ts'
import type { JournalEntry } from '../../store/journal.ts'
import type { Store } from '../../store/store.ts'
import { speaks } from '../inbound/read.ts'
import { type Receipt, receiptOf } from '../inbound/receipt.ts'
import type { ResendRequest } from '../inbound/resend-request.ts'
import type { Stanza } from '../journal/arrival.ts'
import { Gate, type Wire } from '../journal/gate.ts'
import { Intake } from '../journal/intake.ts'
import { type Place, Places } from '../outbound/place.ts'
import type { Written } from '../outbound/write.ts'
import { createSocial, type Social } from '../social/social.ts'
import { chatOf, closeCodeOf, type LidLookup } from '../translate.ts'
import type { Connected, KeyCare } from './device.ts'
import { followDevices } from './device-lists.ts'
import { withFewChains } from './few-chains.ts'
import { type Found, find } from './find.ts'
import { libraryLogger, wordsOf } from './library-log.ts'
import { withSignedPreKeys } from './prekeys.ts'
import { withDurableRatchets } from './ratchets.ts'
import { relay, sendAgain } from './relay.ts'
import { askOwnPhone, DELIVERIES, ping, serverTimeOf } from './signs-of-life.ts'
import { withHarmlessTrials } from './trials.ts'
import { inTurns } from './turns.ts'
import { upload } from './upload.ts'

/** What a session hears from its socket. After `close()` only answers to messages and changes of credentials still come. */
export type SocketEvents = {
  /** Anything at all came from the server; with it the time there, when it was said. */
  frame(serverTime: Date | undefined): void
  /** What came was meant for this account, not an answer to what it asked. */
  delivered(): void
  qr(text: string): void
  /** A phone has signed for this device; the server will end this connection and wants a new one. */
  paired(): void
  credentialsChanged(): void
  open(): void
  closed(code: number | undefined): void
  /** The server's answer to a message of ours; `error` is its code of refusal. */
  acknowledged(messageId: string, error: string | undefined): void
  receipt(receipt: Receipt): void
  /** Something has come and is in the journal. */
  arrived(entry: JournalEntry, stanza: Stanza): void
  /** A history has told these messages. */
  past(messages: readonly WAMessage[]): void
}

export type SocketOptions = {
  readonly account: string
  readonly store: Store
  readonly now: () => Date
  /** The device to connect, given how its keys are kept. */
  readonly connect: (care: KeyCare) => Connected
  readonly policy: AccountPolicy
  readonly log: Log
  readonly events: SocketEvents
  /** What a device in this chat asks for again, from the store. */
  readonly written: (
    messageId: string,
    chat: ChatId | undefined,
    places: Places,
  ) => Promise<Written | undefined>
  /** The simulator, instead of WhatsApp. */
  readonly url?: string
  /** How long each QR lives, where WhatsApp's own pace is too slow. */
  readonly qrMs?: number
}

/** One live connection. */
export type Socket = {
  /** Looks at a chat before something is written in it. Throws what the server refuses. */
  look(chat: ChatId, jid: string): Promise<Place>
  /** Has WhatsApp take a file, for messages of a type. */
  upload(file: Readable, type: MediaType): Promise<RemoteFile>
  /** Resolves when the frame is written, which says nothing about the server. */
  send(jid: string, messageId: string, written: Written): Promise<void>
  /** Resolves when a message of ours is written once more, for a device that has asked for it; `unknown` when there is none. */
  sendAgain(request: ResendRequest): Promise<'written' | 'unknown'>
  /** Under what WhatsApp knows a phone number; `none` when it does not. Throws when the server does not say. */
  find(phone: string): Promise<Found | 'none'>
  pairingCode(phone: string): Promise<string>
  /** Where WhatsApp keeps files for this account. */
  mediaHost(): Promise<string | undefined>
  markRead(keys: readonly WAMessageKey[]): Promise<void>
  rejectCall(call: { readonly callId: string; readonly from: string }): Promise<void>
  /** Resolves once Baileys has worked on the messages that it has read so far, and has told what it learned. */
  worked(): Promise<void>
  /** Lets Baileys work on a message that it read before, and may have told nobody about. */
  workOn(message: WAMessage): Promise<void>
  lidLookup: LidLookup
  /** What can be asked besides: groups, contacts, chats, channels, the account's own profile. */
  readonly social: Social
  /** Asks the server for a sign of life. Resolves when that is written; any frame is the answer. */
  ping(): Promise<void>
  /** Has the account's phone answer us through WhatsApp, unseen by people. Resolves when that is written. */
  selfCheck(): Promise<void>
  /** Tells WhatsApp to remove this device; resolves when that is written. */
  logout(): Promise<void>
  /** Ends the connection, politely for a second and then without waiting for the far side. */
  close(): Promise<void>
}

const GRACE_MS = 1_000
/** How often a device may ask for one message again, on either side. */
const MOST_ASKS = 5

/** What a server says last. Some then leave the connection to us, and Baileys waits 30 s for its end. */
const FAREWELLS = ['CB:stream:error', 'CB:failure', 'CB:xmlstreamend']

/** Connects a device to WhatsApp. Failures come as `closed`. */
export function openSocket(options: SocketOptions): Socket {
  const lidLookup: LidLookup = lid => sock.signalRepository.lidMapping.getPNForLID(lid)
  const gate = new Gate({
    broken(error) {
      options.log.error('journal.not_kept', { account: options.account, reason: wordsOf(error) })
      terminate(sock)
    },
  })
  const auth = options.connect({
    store: changes => intake.storeKeys(changes),
    unread: error => gate.fail(error),
  })
  const { account, store, now, events } = options
  const { arrived } = events
  const intake = new Intake({ account, store, now, gate, speaks, arrived, me: () => auth.creds.me })
  const places: Places = new Places({
    metadata: jid => sock.groupMetadata(jid),
    lidOf: jid => sock.signalRepository.lidMapping.getLIDForPN(jid),
  })
  const parts: Parts = { options, auth, intake, lidLookup, places }
  const sock = withCapturedRejections(() => makeWASocket(configOf(parts)))
  keepNoRecent(sock)
  gate.guard(socketOf(sock))
  sock.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
    if (frame instanceof Uint8Array) return
    intake.heard(frame)
    keepInLine(frame)
  })
  sock.ws.on('CB:notification,type:devices', (node: BinaryNode) => followDevices(auth.deviceLists, node))
  const ended = endOf(sock)
  let listening = true
  listen(sock, events, () => listening)
  return {
    look: (chat, jid) => places.look(chat, jid),
    upload: (file, type) => upload(sock, { file, type, at: now() }),
    send: (jid, messageId, written) => relay(sock, { jid, messageId }, written),
    async sendAgain(request) {
      const written = await ownMessage(parts, { id: request.messageId, jid: request.chatJid })
      if (written === undefined) return 'unknown'
      await sendAgain(sock, request, written)
      return 'written'
    },
    find: phone => find(sock, phone),
    pairingCode: phone => sock.requestPairingCode(phone.replace('+', '')),
    mediaHost: async () => (await sock.refreshMediaConn(false)).hosts[0]?.hostname,
    markRead: keys => sock.readMessages([...keys]),
    rejectCall: ({ callId, from }) => sock.rejectCall(callId, from),
    async worked() {
      await sock.messageMutex.mutex(async () => undefined) // it is held while a message is worked on
      sock.ev.flush()
    },
    async workOn(message) {
      await sock.upsertMessage(message, 'append')
      sock.ev.flush()
    },
    lidLookup,
    social: createSocial({ sock, lookup: lidLookup }),
    ping: () => ping(sock),
    selfCheck: () => askOwnPhone(sock),
    async logout() {
      listening = false
      await sock.logout()
      await close(sock, ended)
    },
    async close() {
      listening = false
      await close(sock, ended)
    },
  }
}

function endOf(sock: WASocket): Promise<void> {
  return new Promise(resolve => {
    sock.ev.on('connection.update', ({ connection }) => {
      if (connection === 'close') resolve()
    })
  })
}

/**
 * The library queues what had waited at the server and works on what is said now at once, which then overtakes. Marked
 * like the others it takes its place behind them.
 */
function keepInLine({ tag, attrs }: BinaryNode): void {
  if (tag === 'message') attrs.offline ??= '0'
}

/**
 * What is asked for again comes from the store (`getMessage`). The library's own copy of the last 512 messages has a timer
 * for each, which holds on to every Signal session that was loaded to encrypt it.
 */
function keepNoRecent({ messageRetryManager: recent }: WASocket): void {
  if (recent) recent.addRecentMessage = () => {}
}

function signalRepositoryOf({ makeRepository }: Intake): SocketConfig['makeSignalRepository'] {
  return inTurns(withSignedPreKeys(withDurableRatchets(withHarmlessTrials(withFewChains(makeRepository)))))
}

type Parts = {
  readonly options: SocketOptions
  readonly auth: Connected
  readonly intake: Intake
  readonly lidLookup: LidLookup
  readonly places: Places
}

function configOf(parts: Parts): UserFacingSocketConfig {
  const { options, auth, intake, places } = parts
  const { account, policy, log } = options
  const { FULL } = proto.HistorySync.HistorySyncType
  return {
    auth,
    userDevicesCache: auth.deviceLists,
    logger: libraryLogger(log, account),
    browser: Browsers.macOS('Chrome'),
    makeSignalRepository: signalRepositoryOf(intake),
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 }, // a write that failed has ended the connection
    appStateMacVerification: { patch: true, snapshot: true }, // off in the library's own configuration
    emitOwnEvents: false, // with own events on, a quick receipt is merged into the echo and never reported
    generateHighQualityLinkPreview: false,
    markOnlineOnConnect: policy.presence === 'available',
    syncFullHistory: policy.history === 'full',
    shouldSyncHistoryMessage: ({ syncType }) =>
      policy.history === 'full' || (policy.history === 'recent' && syncType !== FULL),
    cachedGroupMetadata: places.take,
    getMessage: async ({ id, remoteJid: jid }) => (await ownMessage(parts, { id, jid }))?.message,
    maxMsgRetryCount: 2 * MOST_ASKS, // the library counts each message that it sends again twice
    ...(options.url === undefined ? {} : { waWebSocketUrl: options.url }),
    ...(options.qrMs === undefined ? {} : { qrTimeout: options.qrMs }),
  }
}

async function ownMessage(
  { options, lidLookup, places }: Parts,
  { id, jid }: { readonly id: string | null | undefined; readonly jid: string | null | undefined },
): Promise<Written | undefined> {
  return id ? await options.written(id, await chatOf(jid, lidLookup), places) : undefined
}

function listen(sock: WASocket, events: SocketEvents, listening: () => boolean): void {
  const guarded =
    <T>(hear: (value: T) => void) =>
    (value: T) => {
      if (listening()) hear(value)
    }
  sock.ws.on(
    'frame',
    guarded((frame: BinaryNode | Uint8Array) => events.frame(serverTimeOf(frame))),
  )
  for (const delivery of DELIVERIES) sock.ws.on(delivery, guarded(events.delivered))
  sock.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
    if (attrs.id) events.acknowledged(attrs.id, attrs.error)
  })
  // Raw receipts, because Baileys merges what arrives together: `delivered` is lost behind `read`.
  sock.ws.on('CB:receipt', (stanza: BinaryNode) => {
    const receipt = receiptOf(stanza)
    if (receipt !== undefined) events.receipt(receipt)
  })
  for (const farewell of FAREWELLS)
    sock.ws.on(farewell, () => setTimeout(() => terminate(sock), GRACE_MS).unref())
  sock.ev.on('creds.update', () => events.credentialsChanged())
  sock.ev.on('messaging-history.set', ({ messages }) => events.past(messages))
  sock.ev.on(
    'connection.update',
    guarded(({ qr, isNewLogin, connection, lastDisconnect }) => {
      if (qr !== undefined) events.qr(qr)
      if (isNewLogin) events.paired()
      if (connection === 'open') events.open()
      if (connection !== 'close') return
      events.closed(closeCodeOf(lastDisconnect?.error))
    }),
  )
}

async function close(sock: WASocket, ended: Promise<void>): Promise<void> {
  const timer = setTimeout(() => terminate(sock), GRACE_MS) // a silent peer would hold `ws` for 30 s
  void sock.end(undefined).catch(() => terminate(sock))
  await ended
  clearTimeout(timer)
}

function terminate(sock: WASocket): void {
  socketOf(sock).terminate()
}

/** The library's own socket, which it makes together with its own; its types keep it to themselves. */
function socketOf(sock: WASocket): Wire & { terminate(): void } {
  const { socket } = sock.ws as unknown as { socket: (Wire & { terminate(): void }) | null }
  return socket ?? GONE
}

const GONE = { send() {}, close() {}, terminate() {} }

/**
 * Baileys listens with async functions, and one that rejects (a frame that cannot be decrypted is enough) would end the
 * whole process. Emitters born while this flag is up turn such a rejection into their own `error` event, which ends the
 * connection instead.
 */
function withCapturedRejections<T>(build: () => T): T {
  const before = EventEmitter.captureRejections
  EventEmitter.captureRejections = true
  try {
    return build()
  } finally {
    EventEmitter.captureRejections = before
  }
}
