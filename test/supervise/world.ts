import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startGuard } from '../../app/supervise/processes/guard.ts'
import { Part, type PartSpec } from '../../app/supervise/processes/part.ts'
import { afterwards } from '../helpers/afterwards.ts'

/** A folder that goes with the test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-supervise-'))
  afterwards(t, () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A part that runs a line of shell, ready once the line has made the file `up`. */
export function shellPart(folder: string, script: string, changes: Partial<PartSpec> = {}): PartSpec {
  const nowhere = openSync('/dev/null', 'w')
  return {
    name: 'thing',
    command: '/bin/sh',
    args: ['-c', script],
    env: { PATH: '/usr/bin:/bin' },
    cwd: folder,
    ready: async () => existsSync(join(folder, 'up')),
    readyWithinMs: 10_000,
    output: { stdout: nowhere, stderr: nowhere },
    ...changes,
  }
}

/** A part under a real guard, and what it reported. `clock.now` is the time it is told. */
export function watchedPart(t: TestContext, spec: PartSpec) {
  const seen = { told: [] as string[], restarts: 0, givenUp: [] as { reason: string; exitCode: number }[] }
  const clock = { now: 1_000_000 }
  const guard = startGuard('/nonexistent/endpoints.json')
  const part = new Part(spec, {
    now: () => new Date(clock.now),
    random: () => 0,
    guard,
    tell: sentence => seen.told.push(sentence),
    onRestart: () => {
      seen.restarts += 1
    },
    onGiveUp: (_, reason, exitCode) => seen.givenUp.push({ reason, exitCode }),
  })
  afterwards(t, async () => {
    await part.stop()
    await guard.close()
  })
  return { part, seen, clock }
}

/** Whether a process is there; one that has ended and waits for its parent counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** Asks every 20 ms until it holds. */
export async function until(what: string, holds: () => boolean, withinMs = 8_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
