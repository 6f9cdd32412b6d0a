import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DecisionRequest } from '../../app/model/decision.ts'
import { decide } from '../../app/policy/decide/decide.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'
import { policySet, requestsFor, type SetSize } from '../policy/large-set.ts'

/*
 * What a policy costs: ./postern bench policy [ROUNDS] [DECISIONS]. Each round checks every set anew and asks it with empty
 * caches (`cold`: the first time that anybody asks for anything) and then the same again (`warm`). Of the rounds the best
 * counts, for each decision by itself: what others do on the machine only ever adds. A check is judged by the time of the
 * processor, decisions when warm. Ends with 1 when the set of the size that is promised misses a target.
 */
const [rounds = 5, decisions = 20_000] = process.argv.slice(2).map(Number)
const SIZES: readonly SetSize[] = [100, 300, 1_000, 3_000].map(rules => ({
  rules,
  principals: 500,
  lists: 200,
}))
const PROMISED = 1_000
const TARGETS = { checkMs: 1_000, p50Us: 10, p99Us: 50 }
const ROOT = join(import.meta.dirname, '..', '..')
const COMMAND_ROUNDS = 3

type Spread = { readonly p50: number; readonly p99: number; readonly mean: number }
type Took = { readonly cold: Float64Array; readonly warm: Float64Array }
type Measured = { checkMs: number; checkCpuMs: number; readonly took: Took }

const never = () => new Float64Array(decisions).fill(Number.POSITIVE_INFINITY)
const measured = SIZES.map(size => {
  const best: Measured = { checkMs: Infinity, checkCpuMs: Infinity, took: { cold: never(), warm: never() } }
  return { size, best }
})
for (let n = 0; n < rounds; n++) {
  for (const { size, best } of measured) round(size, best)
}
const lines = measured.map(({ size, best: { checkMs, checkCpuMs, took } }) => ({
  ...size,
  checkMs: rounded(checkMs),
  checkCpuMs: rounded(checkCpuMs),
  coldUs: spread(took.cold),
  warmUs: spread(took.warm),
}))
for (const line of lines) console.log(JSON.stringify(line))
const [smallest, largest] = [lines.at(0), lines.at(-1)]
const promised = lines.find(({ rules }) => rules === PROMISED)
if (smallest === undefined || largest === undefined || promised === undefined) throw new Error('no sizes')
const grown = {
  rules: largest.rules / smallest.rules,
  cold: rounded(largest.coldUs.mean / smallest.coldUs.mean),
  warm: rounded(largest.warmUs.mean / smallest.warmUs.mean),
}
const met =
  promised.checkCpuMs < TARGETS.checkMs &&
  promised.warmUs.p50 < TARGETS.p50Us &&
  promised.warmUs.p99 < TARGETS.p99Us &&
  Math.max(grown.cold, grown.warm) < grown.rules / 2
console.log(JSON.stringify({ grown, targets: TARGETS, met }))
console.log(JSON.stringify({ policyCheckCommandMs: commandMs() }))
process.exitCode = met ? 0 : 1

function round(size: SetSize, best: Measured): void {
  const files = policySet(size)
  const [startedAt, cpu] = [performance.now(), process.threadCpuUsage()]
  const outcome = loadPolicy(files, { secretState: () => 'ok' })
  const { user, system } = process.threadCpuUsage(cpu)
  best.checkMs = Math.min(best.checkMs, performance.now() - startedAt)
  best.checkCpuMs = Math.min(best.checkCpuMs, (user + system) / 1_000)
  if (outcome.kind === 'rejected')
    throw new Error(outcome.diagnostics.map(({ message }) => message).join('\n'))
  const requests = requestsFor(size, decisions)
  ask(outcome.snapshot, requests, best.took.cold)
  ask(outcome.snapshot, requests, best.took.warm)
}

function ask(snapshot: PolicySnapshot, requests: readonly DecisionRequest[], best: Float64Array): void {
  for (const [n, request] of requests.entries()) {
    const startedAt = performance.now()
    decide(snapshot, request)
    best[n] = Math.min(best[n] ?? 0, (performance.now() - startedAt) * 1_000)
  }
}

function spread(took: Float64Array): Spread {
  const mean = took.reduce((sum, us) => sum + us, 0) / took.length
  const sorted = took.toSorted()
  const at = (share: number) => rounded(sorted[Math.floor(sorted.length * share)] ?? 0)
  return { p50: at(0.5), p99: at(0.99), mean: rounded(mean) }
}

/** The whole command, as whoever types it waits for it: launcher, Node, check, and Caddy's own look at the edge. */
function commandMs(): number {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'))
  const policies = join(folder, 'policies')
  mkdirSync(policies)
  for (const { name, text } of policySet({ rules: PROMISED, principals: 500, lists: 200 })) {
    writeFileSync(join(policies, name), text)
  }
  const env = { ...process.env, POSTERN_DATA: join(folder, 'data') }
  const postern = (...args: readonly string[]) => {
    const startedAt = performance.now()
    const { status, stdout, stderr } = spawnSync(join(ROOT, 'postern'), args, { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
    return performance.now() - startedAt
  }
  postern('pki', 'init') // Caddy looks at the edge with its certificates
  const check = () => postern('policy', 'check', '--policies', policies)
  const took = Array.from({ length: COMMAND_ROUNDS }, check)
  rmSync(folder, { recursive: true, force: true })
  return rounded(Math.min(...took))
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
