import { randomBytes } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { Step } from '../../app/lib/step.ts'
import { createOutboxWorker } from '../../app/outbox/worker.ts'
import { openStore } from '../../app/store/open.ts'
import { ScriptedPort, World } from '../outbox/world.ts'

/*
 * What the queue itself costs, with a WhatsApp that acknowledges at once: node test/bench/outbox-queue.ts [ENTRIES] [CHATS].
 * Tells how fast entries get in, how fast they get out, and whether the last are as fast as the first.
 */
const [entries = 10_000, chats = 1_000] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
const now = () => new Date()
const store = await openStore({ dataDir: folder, key: new Secret(randomBytes(32)), now, log: silentLog })
const world = new World(store)

const inMs = await took(async () => {
  for (let n = 0; n < entries; n += chats) {
    const enqueue = (_: unknown, chat: number) => world.accepted({ to: `+1202${5_000_000 + chat}` })
    await Promise.all(Array.from({ length: Math.min(chats, entries - n) }, enqueue))
  }
})

const marks: number[] = []
const done = Promise.withResolvers<void>()
let settled = 0
subscribe('postern:step', message => {
  if ((message as Step).point !== 'outbox.settled') return
  settled += 1
  if (settled % (entries / 4) === 0) marks.push(performance.now())
  if (settled === entries) done.resolve()
})
const worker = createOutboxWorker({ ...world.deps(), port: new ScriptedPort() })
const startedAt = performance.now()
const cpu = process.threadCpuUsage()
await worker.start()
await done.promise
const { user, system } = process.threadCpuUsage(cpu)
const quarters = marks.map((mark, n) => perSecond(entries / 4, mark - (marks[n - 1] ?? startedAt)))
console.log(
  JSON.stringify({
    ...{ entries, chats },
    inPerSecond: perSecond(entries, inMs),
    outPerSecond: perSecond(entries, (marks.at(-1) ?? 0) - startedAt),
    outPerSecondByQuarter: quarters,
    mainCpuMsEach: Math.round((user + system) / entries) / 1_000,
  }),
)
await worker.stop()
await store.close()
rmSync(folder, { recursive: true })

async function took(work: () => Promise<void>): Promise<number> {
  const begunAt = performance.now()
  await work()
  return performance.now() - begunAt
}

function perSecond(count: number, ms: number): number {
  return Math.round(count / (ms / 1_000))
}
