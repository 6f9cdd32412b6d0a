import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { createHopFiles } from '../../app/identity/hop-files.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'
import { ensureHopEnd, type HopEnd } from '../../app/identity/pki/hop.ts'
import { createRenewal } from '../../app/supervise/renewal.ts'

let root: string
let folders: { secretsDir: string; pkiDir: string }
const now = new Date()
const DAY_MS = 24 * 60 * 60 * 1_000

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'postern-hop-'))
  folders = { secretsDir: join(root, 'secrets'), pkiDir: join(root, 'pki') }
  await ensurePki(folders, now)
})
afterEach(() => rmSync(root, { recursive: true }))

const secret = (name: string) => join(folders.secretsDir, name)
const textOf = (name: string) => readFileSync(secret(name), 'utf8')

async function makeAnew(end: HopEnd): Promise<void> {
  rmSync(secret(`${end}.pem`))
  await ensureHopEnd(folders, end, now)
}

test('goes on with what was taken up until the new files are, and tells of that once', async () => {
  const hop = createHopFiles(folders.secretsDir)
  let told = 0
  hop.onChange(() => told++)
  const before = hop.current()
  assert.equal(hop.areNewer(), false)
  await makeAnew('app')
  assert.equal(hop.areNewer(), true)
  assert.equal(hop.current(), before)
  const takeUp = hop.read()
  assert.equal(hop.current(), before)
  takeUp()
  assert.equal(hop.current().cert, textOf('app.pem'))
  assert.notEqual(hop.current().cert, before.cert)
  assert.equal(hop.areNewer(), false)
  hop.read()()
  assert.equal(told, 1)
})

test("sees that the proxy's end is another, and does without its file where it is kept from the app", async () => {
  const hop = createHopFiles(folders.secretsDir)
  await makeAnew('proxy')
  assert.equal(hop.areNewer(), true)
  rmSync(secret('proxy.pem'))
  assert.equal(createHopFiles(folders.secretsDir).areNewer(), false)
})

test('waits while only one of two files that belong together is there, and refuses to take that up', async () => {
  const hop = createHopFiles(folders.secretsDir)
  rmSync(secret('app.key'))
  assert.equal(hop.areNewer(), false)
  assert.throws(() => hop.read(), { code: 'config.pki', message: /app\.key cannot be read/ })
  assert.throws(() => createHopFiles(folders.secretsDir), { code: 'config.pki' })
})

/** Runs one round of the supervisor's renewal for each moment, and gives what it told. */
async function renewalAt(...moments: readonly Date[]): Promise<readonly string[]> {
  const told: string[] = []
  const left = [...moments]
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const renewal = createRenewal({
    config: folders,
    now: () => left.shift() ?? now,
    tell: sentence => told.push(sentence),
    after(_ms, act) {
      if (left.length === 0) resolve()
      else setImmediate(act)
      return () => {}
    },
  })
  renewal.start()
  await done
  await renewal.stop()
  return told
}

test('an appliance that runs for years renews both ends before they expire', async () => {
  const [beforeApp, beforeProxy] = [textOf('app.pem'), textOf('proxy.pem')]
  const soon = new Date(now.getTime() + 100 * DAY_MS)
  assert.deepEqual(await renewalAt(now, soon), [])
  assert.deepEqual([textOf('app.pem'), textOf('proxy.pem')], [beforeApp, beforeProxy])
  const late = new Date(now.getTime() + (2 * 365 - 30) * DAY_MS)
  const told = ['renewed the server certificate of the app', 'renewed the client certificate of the proxy']
  assert.deepEqual(await renewalAt(late, late), told)
  assert.notEqual(textOf('app.pem'), beforeApp)
})

test('says at each look that it cannot renew without the key of the internal CA, once it must', async () => {
  rmSync(join(folders.pkiDir, 'internal-ca.key'))
  const over = new Date(now.getTime() + 3 * 365 * DAY_MS)
  const told = await renewalAt(now, over, over)
  assert.equal(told.length, 2)
  assert.match(told[0] ?? '', /cannot be renewed: .*internal-ca\.key is missing/)
})
