import type { ChildProcess } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig, readEnvironment } from '../../../app/config/config.ts'
import { runUp } from '../../../app/supervise/run-up.ts'
import { writeLauncher } from './launcher.ts'

/*
 * `up --sandbox` for the rig: the real supervisor and the real parts, but for two things. Every life of a part counts as
 * having lasted a minute longer, because the rig kills more often than the supervisor would put up with. And the app is
 * started by a launcher that tells it at which point to die (launcher.ts).
 *
 *   node test/rig/appliance/program.ts --folder DIR     (POSTERN_PORT_BASE)
 */
const A_MINUTE_MS = 60_000

const { values } = parseArgs({ options: { folder: { type: 'string' }, policies: { type: 'string' } } })
if (values.folder === undefined) throw new Error('--folder DIR is needed')
const root = dirname(dirname(dirname(import.meta.dirname)))
const env = readEnvironment()
const flags = { sandbox: true, data: join(values.folder, 'data') }
const loaded = loadConfig({ env, root, flags: { ...values, ...flags } })
if (loaded.kind === 'faulty') throw new Error(loaded.faults.join('\n'))

let aheadMs = 0
subscribe('child_process', message => {
  const { process: child } = message as { process: ChildProcess }
  child.once('exit', () => {
    // The process that compiles the app ends while a life begins, which would be taken for one that does not answer.
    if (!child.spawnargs.some(arg => arg.endsWith('compile.ts'))) aheadMs += A_MINUTE_MS
  })
})
process.execPath = writeLauncher(values.folder, process.execPath) // what the supervisor starts every Node with
const clock = { now: () => new Date(Date.now() + aheadMs), random: Math.random }
process.exitCode = await runUp(loaded.config, env.PATH ?? '', clock)
