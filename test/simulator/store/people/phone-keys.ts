import { createHash } from 'node:crypto'
import { Curve, type KeyPair, type SignedKeyPair, signedKeyPair } from '@whiskeysockets/baileys'
import type { Database } from '../database.ts'
import { fromText, toText } from '../meta.ts'

/** The long-lived keys of a simulated phone. */
export type PhoneKeys = {
  readonly registrationId: number
  readonly signedIdentityKey: KeyPair
  readonly signedPreKey: SignedKeyPair
}

export type PhoneKeyRing = {
  /** Made when they are first asked for, so that thousands of phones that nobody writes to cost nothing. */
  of(number: string): PhoneKeys
  /** Lets others be made the next time. */
  forget(number: string): void
  /** Hands keys on to the number that their owner has changed to. */
  move(from: string, to: string): void
  clear(): void
}

const SCHEMA = 'CREATE TABLE IF NOT EXISTS phone_keys (number TEXT PRIMARY KEY, keys TEXT NOT NULL) STRICT'

const MAX_REGISTRATION_ID = 16_380

export function createPhoneKeys(db: Database, seed: number): PhoneKeyRing {
  db.define(SCHEMA)
  const known = new Map<string, PhoneKeys>()
  const load = (number: string): PhoneKeys => {
    const row = db.get('SELECT keys FROM phone_keys WHERE number = ?', number)
    if (row !== undefined) return fromText(row.keys) as PhoneKeys
    const keys = newKeys(registrationIdOf(number, seed))
    db.run('INSERT INTO phone_keys (number, keys) VALUES (?, ?)', number, toText(keys))
    return keys
  }
  return {
    of(number) {
      const keys = known.get(number) ?? load(number)
      known.set(number, keys)
      return keys
    },
    forget(number) {
      known.delete(number)
      db.run('DELETE FROM phone_keys WHERE number = ?', number)
    },
    move(from, to) {
      known.delete(from)
      db.run('UPDATE phone_keys SET number = ? WHERE number = ?', to, from)
    },
    clear() {
      known.clear()
      db.run('DELETE FROM phone_keys')
    },
  }
}

/** It is no secret, but its length shows in ciphertexts. */
function registrationIdOf(number: string, seed: number): number {
  const digest = createHash('sha256').update(`registration|${seed}|${number}`).digest()
  return 1 + (digest.readUInt16BE() % MAX_REGISTRATION_ID)
}

function newKeys(registrationId: number): PhoneKeys {
  const signedIdentityKey = Curve.generateKeyPair()
  return {
    registrationId,
    signedIdentityKey,
    signedPreKey: signedKeyPair(signedIdentityKey, 1),
  }
}
