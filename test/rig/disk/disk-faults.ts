import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { silentLog } from '../../../app/lib/log.ts'
import { openStore } from '../../../app/store/open.ts'
import { KEY } from '../../store/fixture.ts'
import { limitFileSize, smallDisk } from './small-disk.ts'
import { type Storing, startStoring } from './storing.ts'

/** What one fault of the disk came to. All is well when `lost` is 0 and `recoveryMs` is there. */
export type DiskCounts = {
  readonly fault: 'disk full' | 'I/O error' | 'read-only'
  /** How it was made: a small file system of its own, or a limit on the size of files. */
  readonly means: 'mount' | 'limit'
  readonly acknowledged: number
  /** Refused because of the fault. */
  readonly refused: number
  /** Acknowledged, and not in the store after the process was killed. */
  readonly lost: number
  readonly alarms: readonly string[]
  /** From the end of the fault to the first write in each direction. */
  readonly recoveryMs: number
}

/** Refusals to see before a fault is taken to hold. */
const ENOUGH = 20
/** The database's log grows to some megabytes and is then written over: only then a small disk shows what a large one does. */
const LOG_HAS_GROWN = 400
/** A file that is nearly full already: the log of the database cannot grow. */
const LIMIT_BYTES = 4_096

/** Layer E of the rig: each fault once, while messages go out and come in. */
export async function runDiskFaults(): Promise<readonly DiskCounts[]> {
  return [await diskFull(), await ioError(), await readOnly()]
}

/** The marks one after the other, then no room at all, then room again. Where nothing may be mounted, as an I/O error. */
export async function diskFull(): Promise<DiskCounts> {
  const disk = smallDisk()
  try {
    if (!disk.mounted) return { ...(await ioError()), fault: 'disk full' }
    const storing = await startStoring(disk.folder)
    await storing.until('its log has its size', () => storing.acknowledged.length >= LOG_HAS_GROWN)
    disk.fillTo(0.92)
    await storing.until('the first alarm', () => storing.alarms.length >= 1)
    disk.fillTo(0.975)
    await storing.until(
      'new sends are refused',
      () => refusals(storing, 'store.nearly_full', 'out') >= ENOUGH,
    )
    const inbound = storing.count('ack', 'in')
    await storing.until('what comes in goes on', () => storing.count('ack', 'in') >= inbound + ENOUGH)
    disk.fillTo(1)
    await storing.until('what comes in is refused', () => refusals(storing, 'store.full', 'in') >= ENOUGH)
    const recoveryMs = await recovery(storing, () => disk.makeRoom())
    return await settle({ fault: 'disk full', means: 'mount', folder: disk.folder, storing, recoveryMs })
  } finally {
    disk.remove()
  }
}

/** Every write of the process fails for a while. */
export async function ioError(): Promise<DiskCounts> {
  const disk = smallDisk()
  try {
    const storing = await startStoring(disk.folder)
    limitFileSize(storing.pid, LIMIT_BYTES)
    const failing = (direction: 'in' | 'out') => refusals(storing, 'store.io', direction) >= ENOUGH
    await storing.until('writes fail', () => failing('in') && failing('out'))
    const recoveryMs = await recovery(storing, () => limitFileSize(storing.pid, 'unlimited'))
    return await settle({ fault: 'I/O error', means: 'limit', folder: disk.folder, storing, recoveryMs })
  } finally {
    disk.remove()
  }
}

/** A start on a folder that cannot be written is refused in words and changes nothing. */
export async function readOnly(): Promise<DiskCounts> {
  const disk = smallDisk()
  try {
    if (!disk.mounted) return { ...(await ioError()), fault: 'read-only' }
    const first = await startStoring(disk.folder)
    await first.until('some are stored', () => first.acknowledged.length >= 2 * ENOUGH)
    await first.kill()
    disk.setReadOnly(true)
    const program = join(import.meta.dirname, 'keep-storing.ts')
    const refused = spawnSync(process.execPath, ['--no-warnings', program, disk.folder], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    if (refused.status !== 3 || !/cannot be written.*read-only/.test(refused.stderr)) {
      throw new Error(
        `a read-only folder was not refused: ${refused.status} ${refused.stdout}${refused.stderr}`,
      )
    }
    disk.setReadOnly(false)
    const begunAt = performance.now()
    const storing = await startStoring(disk.folder)
    const recoveryMs = Math.round(performance.now() - begunAt)
    const both: Storing = { ...storing, acknowledged: [...first.acknowledged, ...storing.acknowledged] }
    return await settle({
      fault: 'read-only',
      means: 'mount',
      folder: disk.folder,
      storing: both,
      recoveryMs,
    })
  } finally {
    disk.remove()
  }
}

function refusals({ refused }: Storing, code: string, of: 'in' | 'out'): number {
  return refused.filter(one => one.direction === of && one.code === code).length
}

/** Ends the fault; the process is left alone. */
async function recovery(storing: Storing, end: () => void): Promise<number> {
  end()
  const [before, begunAt] = [
    { in: storing.count('ack', 'in'), out: storing.count('ack', 'out') },
    performance.now(),
  ]
  await storing.until('both go on by themselves', () => {
    return storing.count('ack', 'in') > before.in && storing.count('ack', 'out') > before.out
  })
  return Math.round(performance.now() - begunAt)
}

type Ended = Pick<DiskCounts, 'fault' | 'means' | 'recoveryMs'> & {
  readonly folder: string
  readonly storing: Storing
}

/** Kills the process and compares what it was promised with what a fresh one finds. */
async function settle({ fault, means, folder, storing, recoveryMs }: Ended): Promise<DiskCounts> {
  await storing.kill()
  const store = await openStore({ dataDir: folder, key: KEY, now: () => new Date(), log: silentLog })
  try {
    let lost = 0
    for (const { id } of storing.acknowledged)
      if ((await store.messages.get('main', id)) === undefined) lost++
    const { acknowledged, refused, alarms } = storing
    const counts = { acknowledged: acknowledged.length, refused: refused.length, lost, recoveryMs }
    return { fault, means, alarms: [...alarms], ...counts }
  } finally {
    await store.close()
  }
}
