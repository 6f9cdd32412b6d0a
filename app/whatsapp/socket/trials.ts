import { AsyncLocalStorage } from 'node:async_hooks'
import type { SignalDataSet, SignalDataTypeMap, SocketConfig } from '@whiskeysockets/baileys'

type MakeRepository = SocketConfig['makeSignalRepository']

/** The sessions with one device, by their base keys, as libsignal writes them down. */
type SessionRecord = { readonly _sessions: Readonly<Record<string, Session>> }
type Session = { readonly indexInfo: { readonly used: number } }

/** Moves every instant to before 1970, and keeps their order. */
const LONG_AGO_MS = 1e15

/**
 * Keeps what a message did to the one session that it was for. Where two devices begin a session with each other at the same
 * time they have two, and libsignal tries a message on each: those that do not fit have taken a step of their ratchet by
 * then, and are written down with the one that does. Nobody can read what is said in them afterwards.
 *
 * libsignal notes the time of use on the session that fits, and on no other.
 */
export function withHarmlessTrials(make: MakeRepository): MakeRepository {
  const trials = new AsyncLocalStorage<Map<string, SessionRecord>>()
  return ({ creds, keys: plain }, ...rest) => {
    const keys: typeof plain = {
      ...plain,
      async get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]) {
        const found = await plain.get(type, ids)
        const trial = trials.getStore()
        if (trial === undefined || type !== 'session') return found
        const unused = Object.entries(found).map(([id, record]) => {
          trial.set(id, record as unknown as SessionRecord)
          return [id, asUnused(record as unknown as SessionRecord)]
        })
        return Object.fromEntries(unused)
      },
      set(changes) {
        const trial = trials.getStore()
        return plain.set(trial === undefined ? changes : withoutTraces(changes, trial))
      },
    }
    const repository = make({ creds, keys }, ...rest)
    return {
      ...repository,
      decryptMessage: of =>
        of.type === 'pkmsg' // says which session it is for
          ? repository.decryptMessage(of)
          : trials.run(new Map(), () => repository.decryptMessage(of)),
    }
  }
}

function asUnused(record: SessionRecord): SessionRecord {
  const sessions = Object.entries(record._sessions).map(([key, session]) => {
    const indexInfo = { ...session.indexInfo, used: session.indexInfo.used - LONG_AGO_MS }
    return [key, { ...session, indexInfo }]
  })
  return { ...record, _sessions: Object.fromEntries(sessions) }
}

/** The changes, with every session that was tried in vain as it was before. */
function withoutTraces(changes: SignalDataSet, before: ReadonlyMap<string, SessionRecord>): SignalDataSet {
  const records = Object.entries(changes.session ?? {}).map(([id, changed]) => {
    const record = changed as unknown as SessionRecord | null
    const known = before.get(id)
    if (record === null || known === undefined) return [id, record]
    const sessions = Object.entries(record._sessions).map(([key, session]) => [
      key,
      session.indexInfo.used < 0 ? known._sessions[key] : session,
    ])
    return [id, { ...record, _sessions: Object.fromEntries(sessions) }]
  })
  return { ...changes, ...(changes.session === undefined ? {} : { session: Object.fromEntries(records) }) }
}
