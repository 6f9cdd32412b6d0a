import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, type TestContext, test } from 'node:test'
import { tellControl } from '../../app/cli/control.ts'
import { silentLog } from '../../app/lib/log.ts'
import { createEdgeHandshake, type EdgeHandshake } from '../../app/reload/edge-handshake.ts'
import { createWatch, type Watch } from '../../app/reload/watch.ts'
import { POLICY_YAML } from './policies.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const WATCHING = POLICY_YAML.replace('default: deny', 'default: deny\n  reload: { mode: watch }')
const WITHIN_MS = 20_000

let http: RunningHttp
let watch: Watch
let edge: EdgeHandshake | undefined
beforeEach(async () => {
  edge = undefined
  const agreed = async () => ({ ok: true, reloaded: false }) as const
  http = await startHttp({
    edge: {
      put: async to => edge?.put(to) ?? agreed(),
      putBack: async to => edge?.putBack(to) ?? agreed(),
      news: of => edge?.news(of),
    },
  })
  const { policySwitch, store } = http
  watch = createWatch({
    ...{ policySwitch, store, log: silentLog, everyMs: 20, settleMs: 5 },
    policiesDir: folder(),
  })
})
afterEach(async () => {
  await watch.stop()
  await http.stop()
})

const folder = () => join(http.dataDir, 'policies')
const file = () => join(folder(), 'policy.yaml')
const revision = () => http.policySwitch.current().revision
const said = (owner: string) => WATCHING.replaceAll('owner: tests', `owner: ${owner}`)

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, what)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** The mode itself comes into force as every policy does. */
async function beginToWatch(): Promise<void> {
  writeFileSync(file(), WATCHING)
  assert.equal(
    (await tellControl<{ revision: string }>(http, { path: '/v1/policy/apply', body: {} })).revision,
    'r8',
  )
  watch.start()
}

async function rejections(): Promise<number> {
  const { items } = await http.store.policies.history({ limit: 50 })
  return items.filter(({ result }) => result === 'rejected').length
}

test('takes up a file that was written, one that an editor put in its place, and a link that leads elsewhere', async () => {
  await beginToWatch()
  writeFileSync(file(), said('written'))
  await until('written in place', () => revision() === 'r9')
  writeFileSync(`${file()}.swap`, said('renamed'))
  renameSync(`${file()}.swap`, file())
  await until('renamed over', () => revision() === 'r10')

  // As Kubernetes mounts a ConfigMap: the file is a link into ..data, which is a link that changes where it leads.
  for (const name of ['..1', '..2']) {
    mkdirSync(join(folder(), name))
    writeFileSync(join(folder(), name, 'policy.yaml'), said(name === '..1' ? 'first' : 'second'))
  }
  symlinkSync('..1', join(folder(), '..data'))
  symlinkSync('..data/policy.yaml', join(folder(), 'link'))
  renameSync(join(folder(), 'link'), file())
  await until('a link to ..data', () => revision() === 'r11')
  symlinkSync('..2', join(folder(), '..data.next'))
  renameSync(join(folder(), '..data.next'), join(folder(), '..data'))
  await until('..data leads elsewhere', () => revision() === 'r12')
  assert.match(readFileSync(file(), 'utf8'), /owner: second/)
})

test('a broken edit is refused once, and the next good one is taken up', async () => {
  await beginToWatch()
  writeFileSync(file(), WATCHING.replace('principals: [busy]', 'principals: [buzy]'))
  await until('the refusal', async () => (await rejections()) === 1)
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.deepEqual([await rejections(), revision()], [1, 'r8'], 'looked at many times, tried once')
  rmSync(file())
  writeFileSync(file(), said('mended'))
  await until('the good edit', () => revision() === 'r9')
})

test('does not undo a rollback', async () => {
  await beginToWatch()
  writeFileSync(file(), said('regretted'))
  await until('the edit', () => revision() === 'r9')
  await tellControl(http, { path: '/v1/policy/rollback', body: {} })
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(revision(), 'r10')
  const revoking = said('regretted').replace('  people:', '  revoked: [{ serial: "4f" }]\n  people:')
  writeFileSync(file(), revoking)
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(revision(), 'r10', 'a revocation mends nothing')
  await tellControl(http, { method: 'POST', path: '/v1/policy/unpin' })
  await until('unpinned', () => revision() === 'r11')
})

test('leaves an edited folder alone where the policy does not ask to watch', async () => {
  watch.start()
  writeFileSync(file(), said('edited'))
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(revision(), 'r7')
})

test('has the edge read another client CA or password once, and what it does not take is not tried again', async t => {
  mkdirSync(join(http.dataDir, 'secrets'))
  mkdirSync(join(http.dataDir, 'edge', 'next'), { recursive: true })
  const { asked, refuse } = edgeSide(t)
  const handshake = {
    ...{ folder: join(http.dataDir, 'edge'), secretsDir: join(http.dataDir, 'secrets'), facts: {} },
    ...{ started: http.policySwitch.current().snapshot, readTrust: () => () => {}, hasOwnFiles: false },
  }
  const write = (text: string) => writeFileSync(join(handshake.secretsDir, 'client-ca.pem'), text)
  write('first')
  edge = createEdgeHandshake(handshake)
  await beginToWatch()
  const reloads = async () =>
    (await http.store.audit.list({ action: 'edge.reloaded', limit: 50 })).items.length
  const still = async () => {
    await new Promise(resolve => setTimeout(resolve, 300))
    return [asked(), await reloads(), await rejections(), revision()]
  }
  const before = asked()
  assert.deepEqual(await still(), [before, 0, 0, 'r8'], 'nothing has changed')
  write('second')
  await until('the edge is asked', async () => (await reloads()) === 1)
  assert.deepEqual(await still(), [before + 1, 1, 0, 'r8'])
  refuse(true)
  write('broken')
  await until('the refusal', async () => (await rejections()) === 1)
  assert.deepEqual(await still(), [before + 2, 1, 1, 'r8'], 'looked at many times, tried once')
  refuse(false)
  write('third')
  await until('the edge is asked again', async () => (await reloads()) === 2)
})

/** Answers for Caddy whatever is asked of it. */
function edgeSide(t: TestContext) {
  const at = (...path: readonly string[]) => join(http.dataDir, 'edge', ...path)
  let askedCount = 0
  let isRefusing = false
  const desk = setInterval(() => {
    for (const name of readdirSync(at('next'))) {
      const result = at('result', name.replace('.caddy', '.json'))
      if (!name.endsWith('.caddy') || existsSync(result)) continue
      askedCount++
      writeFileSync(`${result}.new`, JSON.stringify(isRefusing ? { ok: false, error: 'no' } : { ok: true }))
      renameSync(`${result}.new`, result)
    }
  }, 5)
  t.after(() => clearInterval(desk))
  return {
    asked: () => askedCount,
    refuse(refusing: boolean) {
      isRefusing = refusing
    },
  }
}
