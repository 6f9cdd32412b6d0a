import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import { proofFrom } from '../../app/supervise/ask.ts'
import { p99, watch } from './attacks/bystander.ts'
import type { Came, Kind, Plan, Target } from './attacks/plan.ts'
import { ROOT, type Sandbox, type SandboxEndpoints, startSandbox } from './sandbox.ts'

const isLong = process.env.TEST_LONG !== undefined
/** Of the policy: short, so that the test is. The long one keeps the time of idle connections that an installation has. */
const LIMITS = isLong
  ? 'limits: { headerTimeout: 5s, bodyTimeout: 5s, idleTimeout: 2m }'
  : 'limits: { headerTimeout: 3s, bodyTimeout: 3s, idleTimeout: 3s }'
/** Longer than Caddy waits for a body that the app does not want (BODY_SLACK_MS of render-edge.ts). */
const HOLD_MS = isLong ? 20_000 : 60_000
/** One wave of some kinds is over within a second, in which the honest caller asks thirty times: too few for a p99. */
const ATTACK_MS = isLong ? 8_000 : 0
const BEFORE_MS = isLong ? 3_000 : 250
const SLOWER_AT_MOST = 5
const ATTACKER = '127.0.0.2'
const MIB = 1_024 * 1_024

type Row = {
  readonly kind: Kind
  /** Connections or streams on each site. */
  readonly count: number
  readonly long: number
  /** What each connection may come to; an end without an answer always is. */
  readonly want: RegExp
  /** Nothing of it is to reach the app. */
  readonly unseen: boolean
}

const ROWS: readonly Row[] = [
  { kind: 'slow headers', count: 10, long: 1_000, want: /^4\d\d$/, unseen: true },
  { kind: 'slow bodies', count: 10, long: 500, want: /^4\d\d$/, unseen: false },
  { kind: 'idle connections', count: 25, long: 10_000, want: /^400$/, unseen: true },
  { kind: 'large bodies', count: 2, long: 50, want: /^413$/, unseen: true },
  { kind: 'large bodies in chunks', count: 2, long: 50, want: /^4\d\d$/, unseen: false },
  { kind: 'large headers', count: 10, long: 1_000, want: /^431$/, unseen: true },
  { kind: 'gzip bombs', count: 5, long: 500, want: /^4\d\d$/, unseen: true },
  { kind: 'rapid resets', count: 400, long: 20_000, want: /^$/, unseen: true },
]

let sandbox: Sandbox
let policies: string
let pids: Readonly<Record<string, number>>

before(async () => {
  policies = mkdtempSync(join(tmpdir(), 'postern-attacks-'))
  cpSync(join(ROOT, 'test/sandbox/policies'), policies, { recursive: true })
  const file = join(policies, 'edge.yaml')
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n  ${LIMITS}\n`)
  sandbox = await startSandbox({ policies })
  pids = sandbox.endpoints().pids
})
after(async () => {
  await sandbox?.dispose()
  rmSync(policies, { recursive: true, force: true })
})

/** What the honest caller waited while nobody was attacked, over the whole run. */
const calm: number[] = []

for (const row of ROWS) {
  test(`${row.kind}: others are served meanwhile, and the edge puts an end to it`, async t => {
    const endpoints = sandbox.endpoints()
    const targets = targetsOf(endpoints)
    await watchCalm(endpoints)
    // All sites at once, or each with all that one attacker has.
    for (const aims of isLong ? targets.map(target => [target]) : [targets]) {
      await t.test(aims.map(({ site }) => site).join(), t => endured(t, row, { aims, endpoints }))
    }
  })
}

type Scene = { readonly aims: readonly Target[]; readonly endpoints: SandboxEndpoints }

async function endured(t: TestContext, row: Row, { aims, endpoints }: Scene): Promise<void> {
  const { kind, count, long, want, unseen } = row
  const ca = readFileSync(endpoints.ca_file, 'utf8')
  const plan = {
    kind,
    targets: aims,
    count: isLong ? long : count,
    holdMs: HOLD_MS,
    attackMs: ATTACK_MS,
    from: ATTACKER,
    ca,
  }
  const { outcome, meanwhile, reached } = await under(plan, endpoints)
  const [usual, worse] = [p99(calm), p99(meanwhile)]
  const times = `p99 ${usual.toFixed(1)} ms without, ${worse.toFixed(1)} ms with it: × ${(worse / usual).toFixed(1)}`
  t.diagnostic(
    `${kind}, ${aims.map(({ site }) => site)}: ${times} of ${meanwhile.length} answers; ${JSON.stringify(outcome)}`,
  )
  for (const came of outcome) {
    // Resets need HTTP/2, which no site speaks: there is nothing to reset.
    assert.equal(came.opened > 0, kind !== 'rapid resets')
    if (kind === 'rapid resets') assert.ok(came.failed > 0)
    assert.equal(came.held, 0, 'the edge did not end them')
    for (const status of Object.keys(came.statuses)) assert.match(status, want)
  }
  if (unseen) assert.deepEqual(reached, [], 'the app saw it')
  if (isLong) assert.ok(worse < SLOWER_AT_MOST * usual, times)
}

test('no part died of it, and the most memory that each took is within what compose gives it', t => {
  assert.deepEqual(sandbox.endpoints().pids, pids)
  const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { mem_limit: string }>
  }
  for (const part of ['caddy', 'app']) {
    const limit = bytesOf(compose.services[part]?.mem_limit ?? '')
    const most = mostMemoryOf(pids[part] ?? 0)
    t.diagnostic(`${part}: ${Math.round(most / MIB)} MiB of ${limit / MIB} MiB`)
    assert.ok(most > 0 && most < limit, `${part} took ${most} bytes, it has ${limit}`)
  }
})

async function watchCalm({ api, ca_file, clients }: SandboxEndpoints): Promise<void> {
  const until = Date.now() + BEFORE_MS
  const { tookMs, faults } = await watch(
    `${api}/v1/whoami`,
    proofFrom(ca_file, clients.demo),
    () => Date.now() > until,
  )
  assert.deepEqual(faults, [])
  calm.push(...tookMs)
}

/** One attack, and what an honest caller saw meanwhile. */
async function under(plan: Plan, { api, ca_file, clients }: SandboxEndpoints) {
  const logged = sandbox.log().length
  let over = false
  const attacking = attack(plan).finally(() => {
    over = true
  })
  const { tookMs, faults } = await watch(`${api}/v1/whoami`, proofFrom(ca_file, clients.demo), () => over)
  const outcome = await attacking
  assert.deepEqual(faults, [], 'somebody else was not served')
  const log = sandbox.log().slice(logged)
  assert.ok(log.includes('"/v1/whoami"'), 'the log tells what reaches the app')
  return { outcome, meanwhile: tookMs, reached: requestsIn(log) }
}

/** With what an attacker could have at best: a client's certificate, a client's key. */
function targetsOf(endpoints: SandboxEndpoints): readonly Target[] {
  const { cert_file, key_file, api_key_file } = endpoints.clients.demo ?? { cert_file: '', key_file: '' }
  const read = (file: string) => readFileSync(file, 'utf8').trim()
  const port = (url: string) => Number(new URL(url).port)
  return [
    { site: 'api', port: port(endpoints.api), cert: read(cert_file), key: read(key_file) },
    { site: 'keys', port: port(endpoints.keys), authorization: `Bearer ${read(api_key_file ?? '')}` },
    { site: 'dashboard', port: port(endpoints.dashboard) },
    { site: 'hooks', port: port(endpoints.hooks) },
  ]
}

function attack(plan: Plan): Promise<readonly Came[]> {
  const program = join(import.meta.dirname, 'attacks/attacker.ts')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', program], { stdio: ['pipe', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.on('data', chunk => (told += chunk))
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve(JSON.parse(told) as readonly Came[])
      else reject(new Error(`the attacker ended with ${code}`))
    })
    child.stdin.end(JSON.stringify(plan))
  })
}

/** Requests that the app has logged, but those of the honest caller. */
function requestsIn(log: string): readonly string[] {
  return log.split('\n').filter(line => line.includes('"http.request"') && !line.includes('"/v1/whoami"'))
}

function mostMemoryOf(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1_024
}

function bytesOf(limit: string): number {
  const [, value, unit] = /^(\d+)([mg])$/.exec(limit) ?? []
  return Number(value) * (unit === 'g' ? 1_024 : 1) * MIB
}
