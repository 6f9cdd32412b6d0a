import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** What of the simulator's admin API these tests use. */
export type Phones = {
  post(path: string, body?: object): Promise<Record<string, unknown>>
  patch(path: string, body: object): Promise<Record<string, unknown>>
  get(path: string): Promise<Record<string, unknown>>
  inbox(number: string): Promise<readonly InboxEntry[]>
}
export type InboxEntry = {
  readonly id: string
  readonly from: string
  readonly text?: { readonly body: string }
}

export type SimulatorProcess = {
  readonly url: string
  readonly noiseRoot: Uint8Array
  readonly phones: Phones
  stop(): Promise<void>
}

/** The project's simulator in a process of its own, on ports of its own; `state` is its folder. */
export async function startSimulatorProcess(state: string): Promise<SimulatorProcess> {
  const script = join(import.meta.dirname, '../simulator/main.ts')
  const args = [script, '--port', '0', '--admin-port', '0', '--state', state]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const { url, admin } = await readyLine(child)
  return {
    url,
    noiseRoot: Buffer.from(readFileSync(join(state, 'noise-root.pub'), 'utf8'), 'base64'),
    phones: phonesAt(admin),
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

async function readyLine(child: ChildProcess): Promise<{ url: string; admin: string }> {
  if (child.stdout === null) throw new Error('the simulator has no output')
  for await (const line of createInterface(child.stdout)) return JSON.parse(line)
  throw new Error('the simulator ended before it was ready')
}

function phonesAt(admin: string): Phones {
  async function ask(path: string, init: RequestInit): Promise<Record<string, unknown>> {
    const answer = await fetch(new URL(path, admin), init)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const headers = { 'content-type': 'application/json' }
  return {
    post: (path, body = {}) => ask(path, { method: 'POST', headers, body: JSON.stringify(body) }),
    patch: (path, body) => ask(path, { method: 'PATCH', headers, body: JSON.stringify(body) }),
    get: path => ask(path, {}),
    inbox: async number => (await ask(`/phones/${number}/inbox`, {})).data as InboxEntry[],
  }
}
