import type { Database, Row } from '../database.ts'
import { fromText, toText } from '../meta.ts'

export type PublicSignedPreKey = {
  readonly id: number
  readonly key: Uint8Array
  readonly signature: Uint8Array
}

/** What the network knows of a linked device: public keys, and what it was told already. */
export type Device = {
  readonly number: string
  /** 1 and up; the phone itself is device 0 and not in this table. */
  readonly id: number
  readonly keyIndex: number
  readonly registrationId: number
  readonly noiseKey: Uint8Array
  readonly identity: Uint8Array
  readonly signedPreKey: PublicSignedPreKey
  /** True once its phone has told it what it has to know, so that it is not told again. */
  readonly bootstrapped: boolean
  /** True for a device that asks for all that was ever said. */
  readonly wantsFullHistory?: true
  /** True for a companion that the simulator plays itself, as it plays the phones. */
  readonly isSimulated?: true
}

type Change = Partial<Pick<Device, 'registrationId' | 'signedPreKey' | 'bootstrapped'>>

export type Devices = {
  get(number: string, id: number): Device | undefined
  ofUser(number: string): readonly Device[]
  list(): readonly Device[]
  add(device: Device): void
  change(device: Device, change: Change): Device
  remove(number: string, id: number): void
  clear(): void
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS devices (
  number TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (number, id)) STRICT`

/** Linked devices by number and id. Kept in memory whole, written through. */
export function createDevices(db: Database): Devices {
  db.define(SCHEMA)
  const byNumber = new Map<string, Map<number, Device>>()
  for (const row of db.all('SELECT body FROM devices')) keep(fromRow(row))

  function keep(device: Device): Device {
    const devices = byNumber.get(device.number) ?? new Map<number, Device>()
    byNumber.set(device.number, devices.set(device.id, device))
    return device
  }
  function write(device: Device): Device {
    db.run(
      'INSERT OR REPLACE INTO devices (number, id, body) VALUES (?, ?, ?)',
      device.number,
      device.id,
      toText(device),
    )
    return keep(device)
  }

  return {
    get: (number, id) => byNumber.get(number)?.get(id),
    ofUser: number => [...(byNumber.get(number)?.values() ?? [])],
    list: () => [...byNumber.values()].flatMap(devices => [...devices.values()]),
    add: device => void write(device),
    change: (device, change) =>
      write({ ...(byNumber.get(device.number)?.get(device.id) ?? device), ...change }),
    remove(number, id) {
      byNumber.get(number)?.delete(id)
      db.run('DELETE FROM devices WHERE number = ? AND id = ?', number, id)
    },
    clear() {
      byNumber.clear()
      db.run('DELETE FROM devices')
    },
  }
}

function fromRow(row: Row): Device {
  return fromText(row.body) as Device
}
