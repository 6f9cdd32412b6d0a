import { present } from '../../lib/present.ts'
import type { Device } from '../accounts.ts'
import { instant } from '../database/query.ts'
import type { Effects } from '../effects.ts'
import type { Source, Tx } from '../writer/transaction.ts'
import { writeEffects } from './effects.ts'

type DeviceRow = {
  readonly account: string
  readonly credentials: Uint8Array
  readonly phone: Uint8Array | null
  readonly linked_at: number | null
  readonly logged_out_at: number | null
}

const DEVICES = 'SELECT account, credentials, phone, linked_at, logged_out_at FROM devices'

export function getDevice(source: Source, account: string): Device | undefined {
  const row = source.db.get<DeviceRow>(`${DEVICES} WHERE account = ?`, account)
  return row === undefined ? undefined : toDevice(source, row)
}

export function listDevices(source: Source): readonly Device[] {
  return source.db.all<DeviceRow>(`${DEVICES} ORDER BY account`).map(row => toDevice(source, row))
}

export function isPaused(source: Source, account: string): boolean {
  return (
    source.db.get<{ paused: number }>('SELECT paused FROM accounts WHERE account = ?', account)?.paused === 1
  )
}

/** Always an act: its effects are written even when the device is the same as before. */
export function putDevice(
  tx: Tx,
  { device, effects }: { device: Device; effects?: Effects | undefined },
): void {
  const { account } = device
  const scope = `device:${account}` as const
  tx.db.run(
    `INSERT OR REPLACE INTO devices (account, credentials, phone, linked_at, logged_out_at) VALUES (?, ?, ?, ?, ?)`,
    account,
    tx.vault.seal(scope, cell(account, 'credentials'), device.credentials),
    tx.vault.sealText(scope, cell(account, 'phone'), device.phone),
    device.linkedAt?.getTime() ?? null,
    device.loggedOutAt?.getTime() ?? null,
  )
  tx.touch('accounts')
  writeEffects(tx, effects)
}

/** What was said in the account stays readable: it is sealed under another key than the device. */
export function removeDevice(
  tx: Tx,
  { account, effects }: { account: string; effects?: Effects | undefined },
): void {
  const devices = tx.db.run('DELETE FROM devices WHERE account = ?', account).changes
  const keys = tx.db.run('DELETE FROM signal_keys WHERE account = ?', account).changes
  const dataKey = tx.vault.keyring.remove(`device:${account}`)
  if (devices + keys === 0 && !dataKey) return
  tx.touch('accounts')
  writeEffects(tx, effects)
}

export function setPaused(
  tx: Tx,
  { account, paused, effects }: { account: string; paused: boolean; effects?: Effects | undefined },
): void {
  if (isPaused(tx, account) === paused) return
  tx.db.run('INSERT OR REPLACE INTO accounts (account, paused) VALUES (?, ?)', account, paused ? 1 : 0)
  tx.touch('accounts')
  writeEffects(tx, effects)
}

/** Asked at every round of the outbox, so the credentials stay sealed. */
export function linkedAt({ db }: Source, account: string): Date | undefined {
  const row = db.get<Pick<DeviceRow, 'linked_at'>>('SELECT linked_at FROM devices WHERE account = ?', account)
  return instant(row?.linked_at ?? null)
}

function toDevice({ vault }: Source, row: DeviceRow): Device {
  const { account } = row
  return {
    account,
    credentials: vault.open(cell(account, 'credentials'), row.credentials),
    ...present({
      phone: vault.openText(cell(account, 'phone'), row.phone),
      linkedAt: instant(row.linked_at),
      loggedOutAt: instant(row.logged_out_at),
    }),
  }
}

function cell(account: string, column: 'credentials' | 'phone') {
  return { table: 'devices', row: account, column }
}
