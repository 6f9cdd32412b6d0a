import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { policySet } from '../policy/large-set.ts'
import { WAYS } from './load/edits.ts'
import { startFlow } from './load/flow.ts'
import { eventually, ROOT, type Sandbox, sleep, startSandbox } from './sandbox.ts'

const isLong = process.env.TEST_LONG !== undefined
/** Requests a second while a folder is watched, and for how long before anything is edited. */
const FLOW = isLong ? { perSecond: 200, calmMs: 10_000 } : { perSecond: 50, calmMs: 0 }
/** In CI nothing is wrong because a machine is slow. */
const TAKEN_UP_WITHIN_MS = isLong ? 3_000 : 60_000
const DELAYED_BY_AT_MOST_MS = 50
/** Less of the flow than this, and nothing has been shown. */
const LEAST_SHARE = 0.9
const LONGEST_BLOCK = 'nodejs_eventloop_lag_max_seconds'

let folder: string
let sandbox: Sandbox
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-reload-'))
  cpSync(join(ROOT, 'test', 'sandbox', 'policies'), folder, { recursive: true })
  sandbox = await startSandbox({ policies: folder })
})
after(async () => {
  await sandbox?.dispose()
  rmSync(folder, { recursive: true, force: true })
})

type Ran = { readonly code: number; readonly stdout: string }

function policy(...args: string[]): Promise<Ran> {
  const all = [join(ROOT, 'app', 'cli.ts'), 'policy', ...args, '--data', sandbox.dataDir]
  const env = { ...process.env, POSTERN_PORT_BASE: String(sandbox.base) }
  return new Promise(resolve =>
    execFile(process.execPath, ['--no-warnings', ...all], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout: `${stdout}${stderr}` }),
    ),
  )
}

function edit(file: string, from: string, to: string): void {
  const path = join(folder, file)
  const before = readFileSync(path, 'utf8')
  assert.ok(before.includes(from))
  writeFileSync(path, before.replace(from, to))
}

test('the app takes an edited policy while it runs, a broken one not, and Caddy agrees to its part first', async () => {
  const { app, caddy } = sandbox.endpoints().pids
  const asked = () => sandbox.api({ path: '/v1/accounts' })
  assert.equal((await asked()).headers['postern-policy'], 'r1')

  edit('networks.yaml', 'spec:', 'spec:\n  lab: { cidrs: ["10.9.8.0/24"] }')
  edit('edge.yaml', 'apiKeys: true, networks: [loopback]', 'apiKeys: true, networks: [lab]')
  const applied = await policy('apply')
  assert.equal(applied.code, 0, applied.stdout)
  assert.match(applied.stdout, /^r2 is in force: sha256:[0-9a-f]{12}, the edge was reloaded$/m)
  assert.equal((await asked()).headers['postern-policy'], 'r2')
  await assert.rejects(
    sandbox.api({ path: '/v1/whoami', site: 'keys' }),
    'Caddy drops who is in no allowed network',
  )

  edit('access.yaml', 'principals: [limited]', 'principals: [limitde]')
  const refused = await policy('apply')
  assert.equal(refused.code, 3, refused.stdout)
  assert.match(refused.stdout, /access\.yaml:\d+:\d+[\s\S]*did you mean "limited"/)
  assert.equal((await asked()).headers['postern-policy'], 'r2')
  const drift = await policy('drift', '--detailed-exitcode')
  assert.equal(drift.code, 5, drift.stdout)

  const back = await policy('rollback')
  assert.equal(back.code, 0, back.stdout)
  assert.equal(
    (await sandbox.api({ path: '/v1/whoami', site: 'keys' })).status,
    401,
    'the site is open again',
  )
  assert.match(
    (await policy('history')).stdout,
    /r3 .*rollback[\s\S]*rejected[\s\S]*r2 .*apply[\s\S]*r1 .*start/,
  )
  const { pids } = sandbox.endpoints()
  assert.deepEqual([pids.app, pids.caddy], [app, caddy], 'nothing was started again')
})

test('a plan against the running appliance is applied as it was made, once, and never of other files', async () => {
  const plan = join(sandbox.folder, 'plan.json')
  edit('access.yaml', 'principals: [limitde]', 'principals: [limited]')
  edit('accounts.yaml', 'displayName:', 'markRead: true\n    displayName:')
  const planned = await policy('plan', '--against', 'live', '--policies', folder, '-o', plan)
  assert.equal(planned.code, 0, planned.stdout)
  assert.match(planned.stdout, /markRead: false -> true/)
  const text = readFileSync(join(folder, 'accounts.yaml'), 'utf8')
  edit('accounts.yaml', 'markRead: true', 'presence: available')
  const other = await policy('apply', plan)
  assert.equal(other.code, 8, other.stdout)
  assert.match(other.stdout, /PS-7004: the files are not those that were planned/)
  writeFileSync(join(folder, 'accounts.yaml'), text)
  const applied = await policy('apply', plan)
  assert.equal(applied.code, 0, applied.stdout)
  assert.match(applied.stdout, /^r4 is in force/m)
  const again = await policy('apply', plan)
  assert.equal(again.code, 8, again.stdout)
  assert.match(again.stdout, /another policy than the one in force/)
})

type Shown = {
  readonly live: { readonly revision: string; readonly digest: string }
  readonly disk: { readonly digest: string; readonly error: { readonly place: string } | null }
  readonly rejected: { readonly digest: string; readonly error: string } | null
}
/** Undefined when it took too long: an edited folder is examined first, for which a busy machine may need more than a question waits. */
async function shown(): Promise<Shown | undefined> {
  const answer = await sandbox.api({ path: '/v1/policy' }).catch(() => undefined)
  return answer && (JSON.parse(answer.text) as Shown)
}

test('a watched folder comes into force by itself however it is edited, a broken one does not, and no request fails', async t => {
  if (isLong) addLargeSet()
  edit('policyset.yaml', 'default: deny', 'default: deny\n  reload: { mode: watch }')
  const watching = await policy('apply')
  assert.equal(watching.code, 0, watching.stdout)
  const path = join(folder, 'accounts.yaml')
  const text = readFileSync(path, 'utf8')
  const noted = (note: string) => text.replace('displayName:', `x-note: ${note}\n    displayName:`)
  const refusedBefore = await metric('postern_policy_reload_total{result="refused"}')
  const flow = startFlow(sandbox, FLOW.perSecond)
  try {
    await sleep(FLOW.calmMs)
    const calmBlockMs = 1_000 * (await metric(LONGEST_BLOCK)) // begins anew with each look
    const editedAt = performance.now()
    for (const [way, put] of WAYS) {
      put(path, noted(way))
      const revision = await takenUp(t, way)
      put(path, noted(`${way}, broken`).replace('displayName:', 'dispalyName:'))
      assert.equal(await refused(way), revision)
      put(path, noted(`${way}, mended`))
      await takenUp(t, `${way}, after a broken one`)
    }
    const blockMs = 1_000 * (await metric(LONGEST_BLOCK)) - calmBlockMs
    const { count, perSecond, failures, slowestMs } = await flow.stop()
    assert.deepEqual(failures, [])
    assert.ok(count > 0)
    assert.equal(
      await metric('postern_policy_reload_total{result="refused"}'),
      refusedBefore + WAYS.length,
      'each is tried once',
    )
    const delayMs = slowestMs(editedAt, performance.now()) - slowestMs(0, editedAt)
    t.diagnostic(
      `${count} requests, ${Math.round(perSecond)} a second, at most ${delayMs} ms slower than before, and ${blockMs} ms longer blocked`,
    )
    if (isLong) assert.ok(perSecond >= LEAST_SHARE * FLOW.perSecond)
    if (isLong) assert.ok(Math.max(delayMs, blockMs) <= DELAYED_BY_AT_MOST_MS)
  } finally {
    await flow.stop()
  }
})

/** Waits until what lies in the folder is in force; answers its revision. */
async function takenUp(t: TestContext, how: string): Promise<string> {
  const begun = performance.now()
  const isInForce = async () => {
    const now = await shown()
    return now?.live.digest === now?.disk.digest ? now?.live : undefined
  }
  const { revision } = await eventually(`${how}: in force`, isInForce, TAKEN_UP_WITHIN_MS)
  t.diagnostic(`${how}: in force after ${Math.round(performance.now() - begun)} ms`)
  return revision
}

/** Waits until what lies in the folder is refused, and that is said everywhere; answers what is in force all the same. */
async function refused(how: string): Promise<string> {
  const soFar = sandbox.log().length // with a line for each request it is long: only the rest is looked through
  const isRefused = async () => {
    const now = await shown()
    return now?.rejected?.digest === now?.disk.digest ? now : undefined
  }
  const { live, disk, rejected } = await eventually(`${how}: refused`, isRefused, TAKEN_UP_WITHIN_MS)
  assert.match(String(disk.error?.place), /^accounts\.yaml:\d+:\d+$/)
  assert.match(String(rejected?.error), /accounts\.yaml:\d+:\d+ .*dispalyName/)
  const tellsOfIt = (text: string) => text.includes('policy.rejected') && text.includes(disk.digest)
  await eventually(`${how}: one line of the log and one event that say so`, async () => {
    const lines = sandbox.log().slice(soFar).split('\n').filter(tellsOfIt)
    const events = (await sandbox.deliveries()).filter(({ body }) => tellsOfIt(body))
    return lines.length === 1 && events.length === 1 ? true : undefined
  })
  return live.revision
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(sandbox.endpoints().metrics)).text()
  const [, value] =
    text
      .split('\n')
      .find(line => line.startsWith(`${name} `))
      ?.split(' ') ?? []
  return Number(value)
}

/** A set of the size that is promised, around the sandbox's own. There can be one document of Recipients. */
function addLargeSet(): void {
  for (const { name, text } of policySet({ rules: 1_000, principals: 500, lists: 200 })) {
    const documents = text.split('---\n').filter(document => !/^kind: "(PolicySet|Edge)"/.test(document))
    writeFileSync(join(folder, name === 'recipients.yaml' ? name : `large-${name}`), documents.join('---\n'))
  }
}
