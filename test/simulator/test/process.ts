import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

/** A simulator in a process of its own, for what is measured of it or survives its death. */
export type SimulatorProcess = {
  readonly url: string
  readonly admin: string
  ask<T>(method: string, path: string, body?: unknown): Promise<T>
  kill(signal: NodeJS.Signals): Promise<void>
}

/** Starts it with further arguments of the command line; it ends with the test. */
export async function startProcess(
  t: Pick<TestContext, 'after'>,
  args: readonly string[] = [],
): Promise<SimulatorProcess> {
  const program = join(import.meta.dirname, '..', 'main.ts')
  const ports = ['--port', '0', '--admin-port', '0']
  const child = spawn(process.execPath, ['--no-warnings', program, ...ports, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  t.after(() => kill('SIGTERM'))
  const { url, admin } = await readyLine(child)
  return { url, admin, ask: (method, path, body) => ask(`${admin}${path}`, method, body), kill }
}

async function readyLine({ stdout }: ChildProcess): Promise<{ url: string; admin: string }> {
  if (stdout === null) throw new Error('the simulator has no output')
  for await (const line of createInterface(stdout)) return JSON.parse(line)
  throw new Error('the simulator ended before it was ready')
}

async function ask<T>(url: string, method: string, body?: unknown): Promise<T> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
