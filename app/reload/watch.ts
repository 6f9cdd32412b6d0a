import { type FSWatcher, watch } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readPolicyFolder } from '../config/policy-folder.ts'
import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import { Pump } from '../lib/pump.ts'
import { SYSTEM } from '../model/audit.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import type { Store } from '../store/store.ts'
import { heldAgainst } from './obstacles.ts'
import type { PolicySwitch } from './policy-switch.ts'

export type WatchDeps = {
  readonly policiesDir: string
  readonly policySwitch: PolicySwitch
  readonly store: Pick<Store, 'policies'>
  readonly log: Log
  /** Between two looks; 2 s when absent. */
  readonly everyMs?: number
  /** Between the two reads that must be equal. */
  readonly settleMs?: number
}

export type Watch = { start(): void; stop(): Promise<void> }

const EVERY_MS = 2_000
const SETTLE_MS = 250

/**
 * While the policy in force says `reload.mode: watch`, puts an edited folder in force by itself. It reads the contents, so that
 * no way of editing escapes it (bind mounts, editors' renames, links that change where they lead); file events only make it
 * look sooner. A folder that is just being written reads differently twice, and waits. What was refused is not tried again. The
 * same goes for the files beside the policy that the edge reads: the client CA, passwords, keys.
 */
export function createWatch(deps: WatchDeps): Watch {
  const { policiesDir, policySwitch, store, log, everyMs, settleMs } = deps
  let events: FSWatcher | undefined
  let triedBeside: string | undefined
  const pump = new Pump({
    async round() {
      if (policySwitch.current().snapshot.reload.mode === 'watch') await look()
      return everyMs ?? EVERY_MS
    },
    onError: error => log.error('policy.watch_failed', { reason: reasonOf(error) }),
  })

  async function look(): Promise<void> {
    const files = await readQuietly(policiesDir)
    if (files === undefined) return
    const digest = policyDigest(files)
    if (digest === policySwitch.current().snapshot.digest) return lookBeside(files)
    if ((await heldAgainst(files, store.policies)) !== undefined) return
    await sleep(settleMs ?? SETTLE_MS)
    const again = await readQuietly(policiesDir)
    if (again === undefined || policyDigest(again) !== digest) return pump.wake()
    await policySwitch.activate(again, { by: SYSTEM, reason: 'watch' })
  }

  async function lookBeside(files: readonly PolicyFile[]): Promise<void> {
    const news = policySwitch.edgeNews()
    if (news === undefined || news === triedBeside) return
    await sleep(settleMs ?? SETTLE_MS)
    if (policySwitch.edgeNews() !== news) return pump.wake()
    triedBeside = news
    await policySwitch.activate(files, { by: SYSTEM, reason: 'watch' })
  }

  return {
    start() {
      try {
        events = watch(policiesDir, () => pump.wake())
        events.on('error', () => events?.close())
      } catch {
        // Where there are no file events, looking every two seconds has to do.
      }
      pump.wake()
    },
    async stop() {
      events?.close()
      await pump.stop()
    },
  }
}

/** Undefined while a file is missing or half written; what stays unreadable is told by `policy status`. */
async function readQuietly(dir: string): Promise<readonly PolicyFile[] | undefined> {
  return readPolicyFolder(dir).catch(() => undefined)
}
