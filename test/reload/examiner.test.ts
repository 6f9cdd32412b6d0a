import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { policyFacts } from '../../app/config/policy-facts.ts'
import type { PolicyFile } from '../../app/model/policy-file.ts'
import { type Examined, examine, type Manner } from '../../app/reload/examine/examine.ts'
import { createExaminer, type Examiner } from '../../app/reload/examine/examiner.ts'
import type { Installation } from '../../app/reload/examine/installation.ts'
import { POLICY_YAML } from '../http/policies.ts'

const MOVED = { api: 9543, keys: 6543, dashboard: 8543, hooks: 7543, receiver: 7172 }
const SIGNED = POLICY_YAML.replace(
  'default: deny',
  'default: deny\n  signing: { require: true, keys: ["secret:key.pem"] }',
)
const SIGNABLE = SIGNED.replace('require: true', 'require: false')

let folder: string
let installation: Installation
let examiner: Examiner
/** That were started; each costs a third of a second, so that these tests are sparing with them. */
let threads: number
const count = () => threads++
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-examiner-'))
  installation = { policiesDir: folder, secretsDir: join(folder, 'secrets'), ports: MOVED }
  mkdirSync(installation.secretsDir)
  for (const [, name] of POLICY_YAML.matchAll(/secret:([\w.-]+)/g)) leaveSecret(String(name))
  examiner = createExaminer(installation)
  threads = 0
  process.on('worker', count)
})
afterEach(async () => {
  await examiner.stop()
  process.off('worker', count)
  rmSync(folder, { recursive: true })
})

const leaveSecret = (name: string) => writeFileSync(join(installation.secretsDir, name), 'x', { mode: 0o400 })
const filesOf = (text: string): readonly PolicyFile[] => [{ name: 'policy.yaml', text }]
const examineThere = (text: string, manner: Manner = {}) => examiner.examine(filesOf(text), manner)
const examineHere = (text: string, manner: Manner): Examined =>
  examine(filesOf(text), { ...manner, ports: MOVED, facts: () => policyFacts(installation) })

test('what comes into force must be signed, what comes back only have its secrets, and what is read neither', () => {
  const looked = () => ([undefined, 'return', 'reading'] as const).map(of => kindOf(of))
  const kindOf = (of: Manner['of']) => examineHere(SIGNED, of === undefined ? {} : { of }).kind
  assert.deepEqual(looked(), ['bad', 'bad', 'good'])
  leaveSecret('key.pem')
  assert.deepEqual(looked(), ['bad', 'good', 'good'])
})

test('the thread answers what is answered here, while this one goes on, and is asked once as long as nothing changes', async () => {
  const look = () => examineThere(SIGNABLE, { inForce: 'r7' })
  const refused = examineHere(SIGNABLE, { inForce: 'r7' })
  assert.match(refused.kind === 'bad' ? refused.report : '', /key\.pem[\s\S]*still r7/)
  const told = await look()
  assert.deepEqual(told, refused)
  assert.equal(await look(), told, 'the very same, kept')
  leaveSecret('key.pem')
  const good = examineHere(SIGNABLE, { inForce: 'r7' })
  assert.equal(good.kind, 'good')
  const [first, ...others] = await Promise.all([look(), look(), look()])
  assert.deepEqual(first, good, 'a secret came')
  assert.ok(
    others.every(other => other === first),
    'who asks at the same time shares an answer',
  )
  assert.ok(await goesOn(examineThere), 'this thread did something else meanwhile')
  const edited = SIGNABLE.replace('kind: Accounts', 'x-note: edited\nkind: Accounts')
  assert.notEqual(edited, SIGNABLE)
  assert.deepEqual(await examineThere(edited), examineHere(edited, {}))
  assert.equal(threads, 1)
})

/** Whether this thread turns while it waits. An answer can be there before the first turn; of many, some come later. */
async function goesOn(examined: (text: string) => Promise<unknown>): Promise<boolean> {
  for (let n = 0; n < 50; n++) {
    let hasTurned = false
    setImmediate(() => {
      hasTurned = true
    })
    await examined(SIGNABLE.replace('kind: Accounts', `x-note: n${n}\nkind: Accounts`))
    if (hasTurned) return true
  }
  return false
}

test('a policy that ends its thread, or keeps it too long, is refused, and the next is examined', async () => {
  const reportOf = (examined: Examined) => (examined.kind === 'bad' ? examined.report : 'good')
  mkdirSync(join(folder, 'policy.sig')) // where a file is expected
  assert.match(reportOf(await examineThere(SIGNABLE)), /could not be examined: EISDIR/)
  rmSync(join(folder, 'policy.sig'), { recursive: true })
  assert.match(reportOf(await examineThere(POLICY_YAML)), /^good$/)
  assert.equal(threads, 2)
  const hurried = createExaminer(installation, 1)
  assert.match(reportOf(await hurried.examine(filesOf(POLICY_YAML), {})), /it was not done after 1 ms/)
})
