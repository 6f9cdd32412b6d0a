import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Endpoints } from '../../../app/supervise/endpoints.ts'
import { sleep } from '../../gateway/sandbox.ts'
import { portBaseOfOurOwn } from '../../helpers/port-base.ts'

export type RigEndpoints = Required<Endpoints>

/** A whole appliance under the rig's hands, in a folder of its own. */
export type Appliance = {
  readonly folder: string
  endpoints(): RigEndpoints
  /** Process id of the app as `endpoints.json` has it. */
  appPid(): number
  log(): string
  /** Ends everything and removes the folder. */
  dispose(): Promise<void>
}

const ROOT = dirname(dirname(dirname(import.meta.dirname)))
const UP_WITHIN_MS = 120_000
const CHUNKS_KEPT = 500

export type ApplianceOptions = {
  /** The tree whose code runs. */
  readonly root?: string
  /** Which events the receiver gets; all when absent. */
  readonly events?: readonly string[]
}

/** Brings an appliance up and waits until its account is open. */
export async function startAppliance({ root = ROOT, events }: ApplianceOptions = {}): Promise<Appliance> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-rig-'))
  const policies = events === undefined ? [] : ['--policies', policiesTelling(events, folder)]
  const base = await portBaseOfOurOwn()
  const program = join(root, 'test', 'rig', 'appliance', 'program.ts')
  const child = spawn(process.execPath, ['--no-warnings', program, '--folder', folder, ...policies], {
    cwd: folder,
    env: { ...process.env, POSTERN_PORT_BASE: String(base) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said.push(chunk)
      if (said.length > 2 * CHUNKS_KEPT) said.splice(0, CHUNKS_KEPT)
    })
  }
  const log = () => Buffer.concat(said).toString()
  const file = join(folder, 'data', 'run', 'endpoints.json')
  const deadline = Date.now() + UP_WITHIN_MS
  while (!existsSync(file)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the appliance did not come up (exit ${child.exitCode}):\n${log().slice(-4_000)}`)
    }
    await sleep(50)
  }
  const endpoints = () => JSON.parse(readFileSync(file, 'utf8')) as RigEndpoints
  return {
    folder,
    endpoints,
    appPid: () => endpoints().pids.app ?? 0,
    log,
    async dispose() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The sandbox's own, but for what the receiver is told. */
function policiesTelling(events: readonly string[], folder: string): string {
  const policies = join(folder, 'policies')
  cpSync(join(ROOT, 'test', 'sandbox', 'policies'), policies, { recursive: true })
  const file = join(policies, 'webhooks.yaml')
  const text = readFileSync(file, 'utf8')
  const everything = 'events: ["*"]'
  if (!text.includes(everything)) throw new Error(`${file} has no ${everything}`)
  writeFileSync(file, text.replace(everything, `events: ${JSON.stringify(events)}`))
  return policies
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGINT')
  await gone
}
