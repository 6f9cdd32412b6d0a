import assert from 'node:assert/strict'
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

/** Starts it with further arguments of the command line. It ends with the test, which has failed if there was a violation. */
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
  const { url, admin } = await readyLine(child)
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const stats = ask<{ last_violations: readonly unknown[] }>(`${admin}/stats`, 'GET')
    const { last_violations } = await stats.finally(() => kill('SIGTERM'))
    assert.deepEqual(last_violations, [])
  })
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
