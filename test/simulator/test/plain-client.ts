import {
  type AuthenticationCreds,
  type BaileysEventMap,
  BufferJSON,
  type ConnectionState,
  Curve,
  createSignalIdentity,
  getNextPreKeys,
  initAuthCreds,
  type KeyPair,
  makeWASocket,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type UserFacingSocketConfig,
  WA_ADV_DEVICE_SIG_PREFIX,
  type WASocket,
} from '@whiskeysockets/baileys'
import { silentLogger } from '../phones/signal/silence.ts'

const LONG_MS = 20_000
const plainTimeout = globalThis.setTimeout
// Baileys never clears the timers that guard its prekey upload and its queries; a finished test would wait for them.
globalThis.setTimeout = Object.assign(
  (act: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = plainTimeout(act, ms, ...args)
    return ms !== undefined && ms >= LONG_MS ? timer.unref() : timer
  },
  plainTimeout,
)

/** The credentials of an unmodified Baileys, in memory; they survive its reconnects, not the test. */
export type Account = {
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
  /** The ids of what is kept of one kind. */
  names(type: string): string[]
}

export function newAccount(): Account {
  return { creds: initAuthCreds(), ...memoryKeys() }
}

/** What `POST /phones/{number}/enrol` answers. */
export type Enrolment = { readonly jid: string; readonly lid: string; readonly device_identity: string }

const ENROLLED_PREKEYS = 30

/**
 * A new account, linked by its keys alone, with fewer one-time keys than a client makes for itself: what a test costs that is not about
 * linking.
 */
export async function enrolledAccount(enrol: (keys: unknown) => Promise<Enrolment>): Promise<Account> {
  const account = newAccount()
  const { creds, keys } = account
  const { update, preKeys } = await getNextPreKeys({ creds, keys }, ENROLLED_PREKEYS)
  const { jid, lid, device_identity } = await enrol(publicKeys(creds, preKeys))
  const identity = proto.ADVSignedDeviceIdentity.decode(Buffer.from(device_identity, 'base64'))
  const accountKey = Buffer.from(identity.accountSignatureKey ?? [])
  const own = creds.signedIdentityKey
  const signed = Buffer.concat([
    WA_ADV_DEVICE_SIG_PREFIX,
    identity.details ?? Buffer.of(),
    own.public,
    accountKey,
  ])
  identity.deviceSignature = Curve.sign(own.private, signed)
  const signalIdentities = [createSignalIdentity(lid, accountKey)]
  Object.assign(creds, {
    account: identity,
    me: { id: jid, lid },
    signalIdentities,
    platform: 'android',
    ...update,
  })
  return account
}

function publicKeys(creds: AuthenticationCreds, preKeys: Readonly<Record<string, KeyPair>>): unknown {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const { keyId, keyPair, signature } = creds.signedPreKey
  return {
    registration_id: creds.registrationId,
    noise_key: text(creds.noiseKey.public),
    identity: text(creds.signedIdentityKey.public),
    signed_prekey: { id: keyId, key: text(keyPair.public), signature: text(signature) },
    prekeys: Object.entries(preKeys).map(([id, pair]) => ({ id: Number(id), key: text(pair.public) })),
  }
}

/** The same credentials in other hands, as a copied backup would be. */
export function copyOf({ creds, ...kept }: Account): Account {
  return { creds: JSON.parse(JSON.stringify(creds, BufferJSON.replacer), BufferJSON.reviver), ...kept }
}

/** One connection of an unmodified Baileys. */
export function connect(
  url: string,
  account: Account,
  config: Partial<UserFacingSocketConfig> = {},
): WASocket {
  const sock = makeWASocket({
    auth: { creds: account.creds, keys: account.keys },
    waWebSocketUrl: url,
    logger: silentLogger,
    ...config,
  })
  sock.ev.on('creds.update', update => Object.assign(account.creds, update))
  return sock
}

/** Waits for an event that satisfies `wanted`; rejects after fifteen seconds. */
export function eventOf<E extends keyof BaileysEventMap, T>(
  sock: WASocket,
  event: E,
  wanted: (value: BaileysEventMap[E]) => T | undefined | false,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no such ${event} within fifteen seconds`)), 15_000)
    const listen = (value: BaileysEventMap[E]) => {
      const found = wanted(value)
      if (found === undefined || found === false) return
      clearTimeout(timer)
      sock.ev.off(event, listen)
      resolve(found)
    }
    sock.ev.on(event, listen)
  })
}

export function qrOf(sock: WASocket): Promise<string> {
  return eventOf(sock, 'connection.update', ({ qr }) => qr)
}

export async function opened(sock: WASocket): Promise<WASocket> {
  const state = await eventOf(sock, 'connection.update', update =>
    update.connection ? settled(update) : undefined,
  )
  if (state !== 'open') throw new Error(`closed with ${state}`)
  return sock
}

/** The status code that a connection closes with. */
export function closed(sock: WASocket): Promise<number | undefined> {
  return eventOf(sock, 'connection.update', update => {
    if (update.connection !== 'close') return undefined
    return closeCode(update) ?? -1
  })
}

/** The text of the next message that arrives and is not the account's own. */
export function nextText(sock: WASocket): Promise<{ id: string; text: string; type: string }> {
  return eventOf(sock, 'messages.upsert', ({ messages, type }) => {
    const [found] = messages.flatMap(({ key, message }) => {
      const text = message?.conversation || message?.extendedTextMessage?.text
      return key.fromMe || !text ? [] : [{ id: String(key.id), text, type }]
    })
    return found
  })
}

/** The statuses that a message reaches, from now on. */
export function statusesOf(sock: WASocket, id: () => string): (number | null | undefined)[] {
  const seen: (number | null | undefined)[] = []
  sock.ev.on('messages.update', updates => {
    for (const { key, update } of updates) if (key.id === id()) seen.push(update.status)
  })
  return seen
}

function settled(update: Partial<ConnectionState>): 'open' | number | undefined {
  if (update.connection === 'open') return 'open'
  return update.connection === 'close' ? (closeCode(update) ?? -1) : undefined
}

function closeCode({ lastDisconnect }: Partial<ConnectionState>): number | undefined {
  const error = lastDisconnect?.error as { output?: { statusCode?: number } } | undefined
  return error?.output?.statusCode
}

function memoryKeys(): Pick<Account, 'keys' | 'names'> {
  const kept = new Map<string, unknown>()
  const names = (type: string): string[] =>
    [...kept.keys()].filter(name => name.startsWith(`${type}|`)).map(name => name.slice(type.length + 1))
  const keys: SignalKeyStore = {
    get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
      const found: { [id: string]: SignalDataTypeMap[T] } = {}
      for (const id of ids) {
        const value = kept.get(`${type}|${id}`)
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
      }
      return found
    },
    set(changes: SignalDataSet) {
      for (const [type, entries] of Object.entries(changes)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null || value === undefined) kept.delete(`${type}|${id}`)
          else kept.set(`${type}|${id}`, value)
        }
      }
    },
  }
  return { keys, names }
}
