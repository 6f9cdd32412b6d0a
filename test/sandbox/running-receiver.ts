import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { afterwards } from '../helpers/afterwards.ts'
import type { Receipt } from './ledger.ts'

/** The real receiver in its own process, on ports of its choosing; ends with the test. */
export type RunningReceiver = {
  readonly url: string
  readonly ca: string
  readonly state: string
  deliveries(after?: number): Promise<readonly Receipt[]>
  /** Answers the status of `POST /behave`. */
  behave(behaviour: unknown): Promise<number>
  stop(): Promise<void>
}

export async function startReceiver(t: TestContext, state = temporaryFolder(t)): Promise<RunningReceiver> {
  const script = join(import.meta.dirname, 'receiver.ts')
  const child = spawn(process.execPath, [script, '--port', '0', '--admin-port', '0', '--state', state], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  afterwards(t, stop)
  const { value: line } = await createInterface(child.stdout)[Symbol.asyncIterator]().next()
  assert.ok(typeof line === 'string', 'the receiver did not start')
  const { url, admin } = JSON.parse(line) as { url: string; admin: string }
  return {
    url,
    ca: readFileSync(join(state, 'receiver-ca.pem'), 'utf8'),
    state,
    stop,
    deliveries: async (after = 0) => {
      const answer = await fetch(`${admin}/deliveries?after=${after}`)
      return ((await answer.json()) as { data: readonly Receipt[] }).data
    },
    behave: async behaviour => {
      const answer = await fetch(`${admin}/behave`, { method: 'POST', body: JSON.stringify(behaviour) })
      await answer.body?.cancel()
      return answer.status
    },
  }
}

/** An empty folder that the test leaves no trace of. */
export function temporaryFolder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-test-'))
  afterwards(t, () => rmSync(dir, { recursive: true, force: true }))
  return dir
}
