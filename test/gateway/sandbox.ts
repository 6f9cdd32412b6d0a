import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Answer, ask, proofFrom } from '../../app/supervise/ask.ts'
import type { ClientFiles, Endpoints } from '../../app/supervise/endpoints.ts'
import { portBaseOfOurOwn } from '../helpers/port-base.ts'
import { upProcess } from '../helpers/up-process.ts'

export const ROOT = dirname(dirname(import.meta.dirname))
const UP_WITHIN_MS = 120_000

/** A whole appliance in the sandbox, started as a person would, in a folder of its own. */
export type Sandbox = {
  readonly folder: string
  readonly dataDir: string
  readonly base: number
  /** As `endpoints.json` stands now. */
  endpoints(): SandboxEndpoints
  api(call: ApiCall): Promise<Answer>
  simulator(path: string, body?: unknown): Promise<unknown>
  /** Webhooks the receiver has seen so far. */
  deliveries(): Promise<readonly LedgerEntry[]>
  /** Ctrl-C, then waits for the end; answers the exit code. */
  stop(): Promise<number | null>
  /** Starts again over the same folder. */
  start(): Promise<void>
  /** Stops if need be and removes every trace. Throws when the app did what WhatsApp would refuse. */
  dispose(): Promise<void>
  log(): string
}

export type SandboxEndpoints = Required<Endpoints>
export type LedgerEntry = {
  readonly headers: Record<string, string>
  readonly body: string
  readonly seq: number
}
export type ApiCall = {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly as?: ClientFiles | null
  readonly site?: 'api' | 'keys' | 'dashboard' | 'hooks'
}

export type SandboxOptions = {
  readonly policies?: string
  readonly folder?: string
  readonly env?: Record<string, string>
}

/** Brings a sandbox up and waits for its `endpoints.json`. The test must call `dispose`. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'postern-gateway-'))
  const base = await portBaseOfOurOwn()
  const dataDir = join(folder, 'data')
  const policies = options.policies === undefined ? [] : ['--policies', options.policies]
  const up = upProcess({
    args: [join(ROOT, 'app', 'cli.ts'), 'up', '--sandbox', '--data', dataDir, ...policies],
    ...{ cwd: folder, dataDir, withinMs: UP_WITHIN_MS },
    env: { ...process.env, POSTERN_PORT_BASE: String(base), ...options.env },
  })
  const endpoints = () =>
    JSON.parse(readFileSync(join(dataDir, 'run', 'endpoints.json'), 'utf8')) as SandboxEndpoints
  const simulator = (path: string, body?: unknown) => json(`${endpoints().simulator.admin}${path}`, body)
  const sandbox: Sandbox = {
    folder,
    dataDir,
    base,
    endpoints,
    simulator,
    log: up.log,
    api: call => callSite(endpoints(), call),
    deliveries: async () => ((await json(endpoints().receiver.deliveries)) as { data: LedgerEntry[] }).data,
    start: up.start,
    stop: up.stop,
    async dispose() {
      const violations = await violationsSoFar().finally(up.stop)
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
      assert.deepEqual(violations, [], 'what WhatsApp would have refused')
    },
  }
  await up.start()
  return sandbox

  /** Nothing of a sandbox that has been stopped already. */
  async function violationsSoFar(): Promise<readonly unknown[]> {
    if (!up.isRunning()) return []
    return ((await simulator('/stats')) as { last_violations: readonly unknown[] }).last_violations
  }
}

/** Asks every 50 ms until `look` answers something; fails with `what` after `withinMs`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(50)
  }
}

export const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

async function callSite(endpoints: SandboxEndpoints, call: ApiCall): Promise<Answer> {
  const site = call.site ?? 'api'
  const client = call.as === null || site !== 'api' ? undefined : (call.as ?? endpoints.clients.demo)
  return ask({
    url: `${endpoints[site]}${call.path}`,
    proof: proofFrom(endpoints.ca_file, client),
    ...(call.method === undefined ? {} : { method: call.method }),
    ...(call.body === undefined ? {} : { body: call.body, method: call.method ?? 'POST' }),
    ...(call.headers === undefined ? {} : { headers: call.headers }),
  })
}

async function json(url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    ...(body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return answer.json()
}
