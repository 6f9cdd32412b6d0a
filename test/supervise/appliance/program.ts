import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig, readEnvironment } from '../../../app/config/config.ts'
import { runUp } from '../../../app/supervise/run-up.ts'

/*
 * `up` with the real supervisor, app and Caddy, but that the app has bugs (bugs.ts).
 *
 *   node test/supervise/appliance/program.ts --folder DIR     (POSTERN_PORT_BASE)
 */
const { values } = parseArgs({ options: { folder: { type: 'string' } } })
if (values.folder === undefined) throw new Error('--folder DIR is needed')
const root = dirname(dirname(dirname(import.meta.dirname)))
const env = readEnvironment()
const flags = { sandbox: false, data: join(values.folder, 'data'), policies: join(values.folder, 'policies') }
const loaded = loadConfig({ env, root, flags })
if (loaded.kind === 'faulty') throw new Error(loaded.faults.join('\n'))

process.execPath = writeLauncher(values.folder, process.execPath) // what the supervisor starts every Node with
process.exitCode = await runUp(loaded.config, env.PATH ?? '')

/** Stands in for `node`: the app's arguments are complete and know nothing of tests, so that the bugs come from outside. */
function writeLauncher(folder: string, node: string): string {
  const script = join(folder, 'node')
  const bugs = join(import.meta.dirname, 'bugs.ts')
  const text = `#!/bin/sh
case " $* " in *" --permission "*) ;; *) exec '${node}' "$@" ;; esac
exec '${node}' --import '${bugs}' '--allow-fs-read=${root}/' "$@"
`
  writeFileSync(script, text, { mode: 0o700 })
  return script
}
