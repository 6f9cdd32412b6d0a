import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sleep } from '../gateway/sandbox.ts'
import { startAppliance } from './appliance/running.ts'
import { settle } from './check/settle.ts'
import { bound, slope } from './check/statistics.ts'
import { startTraffic } from './traffic/traffic.ts'

/*
 * Messages at an even pace for a long time, with nothing broken on purpose: whether memory or a queue grows, and whether the
 * ledgers are equal in the end. One line a minute; the exit code is 0 only when all is well.
 *
 *   node test/rig/soak.ts [--minutes 30] [--rate 50]     (the minutes after ten to warm up)
 */
const MINUTE_MS = 60_000
/** Often, as the heap rises and falls with each collection: a line through one sample a minute shows mostly that. */
const SAMPLE_MS = 2_000
/** In them caches fill, and the heap and the compiled code find their size. They are not of the minutes asked for. */
const WARM_UP_MINUTES = 10
const MOST_GROWTH_KIB = 1_024
const SLOPE_MINUTES = 10

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, rate: { type: 'string', default: '50' } },
})
const minutes = Number(values.minutes)
const appliance = await startAppliance()
process.exitCode = await run().finally(() => appliance.dispose())

async function run(): Promise<number> {
  const traffic = await startTraffic({ endpoints: appliance.endpoints(), perSecond: Number(values.rate) })
  const sizes: (readonly [number, number])[] = []
  for (let minute = 1; minute <= WARM_UP_MINUTES + minutes; minute++) {
    const inMinute = await sampleMinute(minute)
    if (minute > WARM_UP_MINUTES) sizes.push(...inMinute)
    const kib = Math.max(...inMinute.map(([, size]) => size))
    const behind = traffic.accepted.entries.length - (await traffic.witnesses.inboxes()).entries.length
    const owed = (await traffic.witnesses.owed()).entries.length
    const told = (await traffic.witnesses.webhooks()).entries.length
    console.log(
      `minute ${minute}: RSS at most ${Math.round(kib / 1_024)} MiB (${partsOf(appliance.appPid())}), ${traffic.accepted.entries.length} accepted ` +
        `(${behind} not yet with the phones), ${traffic.written.entries.length} written, ${owed} events, ${told} webhooks`,
    )
  }
  await traffic.end()
  const { comparisons, faults } = await settle(traffic)
  traffic.close()
  for (const { name, count, lost, repeats } of comparisons) {
    console.log(`${name}: ${bound(lost.length, count)}; ${repeats} repeats`)
  }
  const growth = slope(sizes) * SLOPE_MINUTES
  console.log(
    `RSS grows by ${Math.round(growth)} KiB in ${SLOPE_MINUTES} minutes, after ${WARM_UP_MINUTES} to warm up`,
  )
  for (const fault of faults) console.error(fault)
  return faults.length === 0 && growth < MOST_GROWTH_KIB ? 0 : 1
}

/** The resident size of the app through one minute: pairs of a time in minutes and KiB. */
async function sampleMinute(minute: number): Promise<(readonly [number, number])[]> {
  const samples: (readonly [number, number])[] = []
  const startedAt = performance.now()
  for (;;) {
    await sleep(SAMPLE_MS)
    const passed = (performance.now() - startedAt) / MINUTE_MS
    samples.push([minute - 1 + passed, residentKib(appliance.appPid())])
    if (passed >= 1) return samples
  }
}

function residentKib(pid: number): number {
  return inStatus(pid, 'VmRSS')
}

/** What the resident size consists of now: what was allocated, and what of files is mapped, such as the database's index of its log. */
function partsOf(pid: number): string {
  return `${inStatus(pid, 'RssAnon')} KiB allocated, ${inStatus(pid, 'RssFile') + inStatus(pid, 'RssShmem')} KiB of files`
}

/** A member of `/proc/PID/status` in KiB. */
function inStatus(pid: number, member: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${member}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
}
