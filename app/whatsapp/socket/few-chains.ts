import type { SignalDataSet, SocketConfig } from '@whiskeysockets/baileys'

type MakeRepository = SocketConfig['makeSignalRepository']

/** The sessions with one device as libsignal writes them down, each with its chains in the order in which they were added. */
type SessionRecord = { readonly _sessions: Readonly<Record<string, Session>> }
type Session = { readonly _chains: Readonly<Record<string, Chain>> }
type Chain = { readonly chainType: number }

/**
 * As many receiving chains of a session as Signal itself keeps (`MAX_RECEIVER_CHAINS` of its libsignal): a message that is
 * late by more turns of the conversation is not read, and is asked for again.
 */
export const MOST_RECEIVING_CHAINS = 5

/** `ChainType.RECEIVING` of libsignal-node. */
const RECEIVING = 2

/**
 * Keeps sessions small. libsignal-node adds a chain with each turn of a conversation and drops none: after some thousand
 * turns a contact's session takes a megabyte, and it is read and written with every message.
 */
export function withFewChains(make: MakeRepository): MakeRepository {
  return ({ creds, keys }, ...rest) =>
    make({ creds, keys: { ...keys, set: changes => keys.set(withoutOldChains(changes)) } }, ...rest)
}

function withoutOldChains(changes: SignalDataSet): SignalDataSet {
  if (changes.session === undefined) return changes
  const records = Object.entries(changes.session).map(([id, changed]) => {
    const record = changed as unknown as SessionRecord | null
    return [id, record === null ? null : shortened(record)]
  })
  return { ...changes, session: Object.fromEntries(records) }
}

function shortened(record: SessionRecord): SessionRecord {
  const sessions = Object.entries(record._sessions).map(([key, session]) => {
    const chains = Object.entries(session._chains)
    const receiving = chains.filter(([, { chainType }]) => chainType === RECEIVING)
    const old = new Set(receiving.slice(0, -MOST_RECEIVING_CHAINS))
    return [key, { ...session, _chains: Object.fromEntries(chains.filter(chain => !old.has(chain))) }]
  })
  return { ...record, _sessions: Object.fromEntries(sessions) }
}
