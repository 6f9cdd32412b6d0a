import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Direction = 'in' | 'out'

/** A process that stores what is sent and what comes in, with the ledger of what it was promised. */
export type Storing = {
  readonly pid: number
  readonly acknowledged: readonly { readonly direction: Direction; readonly id: string }[]
  readonly refused: readonly { readonly direction: Direction; readonly code: string }[]
  readonly alarms: readonly string[]
  /** Waits until `look` is true; asks 20 times a second. */
  until(what: string, look: () => boolean): Promise<void>
  /** How many of this were acknowledged, or refused. */
  count(word: 'ack' | 'no', direction: Direction): number
  kill(): Promise<void>
}

const WITHIN_MS = 60_000

/** Starts it; resolves once it has stored the first in each direction. */
export async function startStoring(folder: string): Promise<Storing> {
  const child = spawn(
    process.execPath,
    ['--no-warnings', join(import.meta.dirname, 'keep-storing.ts'), folder],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const acknowledged: { direction: Direction; id: string }[] = []
  const refused: { direction: Direction; code: string }[] = []
  const alarms: string[] = []
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  createInterface({ input: child.stdout }).on('line', line => {
    const [word, what = '', which = ''] = line.split(' ')
    if (word === 'ack') acknowledged.push({ direction: what as Direction, id: which })
    else if (word === 'no') refused.push({ direction: what as Direction, code: which })
    else alarms.push(what)
  })
  const storing: Storing = {
    ...{ pid: child.pid ?? 0, acknowledged, refused, alarms, until },
    count: (word, direction) =>
      (word === 'ack' ? acknowledged : refused).filter(one => one.direction === direction).length,
    kill: () => kill(child),
  }
  await until('the first is stored', () => storing.count('ack', 'in') > 0 && storing.count('ack', 'out') > 0)
  return storing

  async function until(what: string, look: () => boolean): Promise<void> {
    const deadline = Date.now() + WITHIN_MS
    while (!look()) {
      const over = child.exitCode !== null || child.signalCode !== null
      if (over || Date.now() > deadline) {
        await kill(child)
        throw new Error(`${over ? 'it ended before' : 'not in time'}: ${what}\n${said}`)
      }
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
