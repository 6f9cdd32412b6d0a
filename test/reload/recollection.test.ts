import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { beforeEach, test } from 'node:test'
import { readMasterKey } from '../../app/config/master-key.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { PolicyFile } from '../../app/model/policy-file.ts'
import { compileAccepted } from '../../app/policy/accepted.ts'
import { policyDigest } from '../../app/policy/digest.ts'
import type { PolicyFacts } from '../../app/policy/load.ts'
import type { ExamineDeps, Manner } from '../../app/reload/examine/examine.ts'
import { examineOnce } from '../../app/reload/examine/examine-once.ts'
import { EXAMINING, programDigest } from '../../app/reload/examine/program.ts'
import { createRecollection } from '../../app/reload/examine/recollection.ts'
import { openStore } from '../../app/store/open.ts'
import { policyToStart } from '../../app/supervise/policy-to-start.ts'
import { testConfig } from '../edge/rig.ts'
import { POLICY_YAML } from '../http/policies.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SIGNABLE = POLICY_YAML.replace(
  'default: deny',
  'default: deny\n  signing: { require: false, keys: ["secret:key.pem"] }',
)
const REQUIRED = SIGNABLE.replace('require: false', 'require: true')

let kept: Map<string, string>
let masterKey: Secret
let program: string
let facts: PolicyFacts
beforeEach(() => {
  kept = new Map()
  masterKey = new Secret(randomBytes(32))
  program = 'one'
  facts = { secretState: () => 'ok', signature: { text: undefined, keysOf: () => undefined } }
})

const filesOf = (text: string): readonly PolicyFile[] => [{ name: 'policy.yaml', text }]

/** One start: whether the files were good, and whether that was looked for in full. */
async function start(files: readonly PolicyFile[], manner: Manner & Pick<ExamineDeps, 'ports'> = {}) {
  const meta = {
    get: async (name: string) => kept.get(name),
    set: async (name: string, value: string) => void kept.set(name, value),
  }
  const recollection = createRecollection({ meta, masterKey, program: () => program })
  let inFull = true
  const examined = await examineOnce(files, {
    ...{ ...manner, facts: () => facts },
    recollection: {
      ...recollection,
      async recalls(looked, said) {
        const isKnown = await recollection.recalls(looked, said)
        inFull = !isKnown
        return isKnown
      },
    },
  })
  return { examined, said: `${examined.kind}, ${inFull ? 'examined' : 'recalled'}` }
}

const after = async (text: string, manner: Manner = {}) => (await start(filesOf(text), manner)).said

test('files that were found good are recalled at the next start, and give the very same policy', async () => {
  const first = await start(filesOf(SIGNABLE))
  const second = await start(filesOf(SIGNABLE))
  assert.deepEqual([first.said, second.said], ['good, examined', 'good, recalled'])
  assert.deepEqual(second.examined, first.examined)
})

test('a policy that is recalled has its sites on the ports of this start', async () => {
  await start(filesOf(SIGNABLE))
  const ports = { api: 1, keys: 2, dashboard: 3, hooks: 4, receiver: 5 }
  const { examined, said } = await start(filesOf(SIGNABLE), { ports })
  assert.equal(said, 'good, recalled')
  assert.ok(examined.kind === 'good')
  assert.match(examined.snapshot.edge.sites.hooks?.address ?? '', /:4$/)
})

const CHANGES: readonly { name: string; change: () => void; text?: string; want: string }[] = [
  { name: 'nothing', change() {}, want: 'good, recalled' },
  { name: 'one byte', change() {}, text: `${SIGNABLE} `, want: 'good, examined' },
  {
    name: 'one byte that makes them bad',
    change() {},
    text: SIGNABLE.replace('principals: [busy]', 'principals: [buzy]'),
    want: 'bad, examined',
  },
  { name: 'the program', change: () => (program = 'another'), want: 'good, examined' },
  {
    name: 'the master key',
    change: () => (masterKey = new Secret(randomBytes(32))),
    want: 'good, examined',
  },
  {
    name: 'a secret that went',
    change: () => (facts = { ...facts, secretState: ref => (ref.includes('key-') ? 'missing' : 'ok') }),
    want: 'bad, examined',
  },
  {
    name: 'the mark, in one place',
    change() {
      for (const [name, value] of kept)
        kept.set(
          name,
          value.replace(/^./, first => (first === '0' ? '1' : '0')),
        )
    },
    want: 'good, examined',
  },
  {
    name: 'the mark, into nonsense',
    change() {
      for (const name of kept.keys()) kept.set(name, '\n{}')
    },
    want: 'good, examined',
  },
]

for (const { name, change, text, want } of CHANGES) {
  test(`after a change of ${name} a start is ${want}`, async () => {
    assert.equal(await after(SIGNABLE), 'good, examined')
    change()
    assert.equal(await after(text ?? SIGNABLE), want)
  })
}

test('what came back unsigned is recalled when it comes back again, and examined when it is the folder that starts', async () => {
  assert.equal(await after(REQUIRED, { of: 'return' }), 'good, examined')
  assert.equal(await after(REQUIRED, { of: 'return' }), 'good, recalled')
  assert.equal(await after(REQUIRED), 'bad, examined')
})

test('files that are bad leave nothing to be recalled', async () => {
  assert.equal(await after(REQUIRED), 'bad, examined')
  assert.equal(kept.size, 0)
})

test('the supervisor believes a mark in the store: one that nobody but this test would set', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-recollection-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const config = testConfig(folder, 1_000)
  const { dataDir, policiesDir, secretsDir } = config
  for (const dir of [policiesDir, secretsDir]) mkdirSync(dir)
  const text = SIGNABLE.replace('principals: [busy]', 'principals: [buzy]')
  writeFileSync(join(policiesDir, 'policy.yaml'), text)
  const { key } = readMasterKey(config, false)
  const store = await openStore({ dataDir, key, now: () => new Date(), log: silentLog })
  await store.close()
  await assert.rejects(policyToStart(config), /buzy/)
  const again = await openStore({ dataDir, key, now: () => new Date(), log: silentLog })
  const digest = policyDigest(filesOf(text))
  await createRecollection({ meta: again.meta, masterKey: key }).remember({ digest, of: undefined }, [])
  await again.close()
  assert.equal((await policyToStart(config)).digest, digest)
})

test('half a letter hashes like the sign that replaces it, and is not taken for it', async () => {
  const text = SIGNABLE.replace('owner: tests', 'owner: "\ufffd"')
  assert.equal(await after(text), 'good, examined')
  assert.equal(compileAccepted(filesOf(text))?.signing.isRequired, false)
  const { examined } = await start(filesOf(text.replace('\ufffd', '\udc80')))
  assert.match(examined.kind === 'bad' ? examined.report : '', /PS-1008/)
})

test('whatever an examination runs counts as its program', () => {
  const modules = closureOf(join(ROOT, 'app/reload/examine/thread.ts')).map(file => relative(ROOT, file))
  const outside = modules.filter(file => !EXAMINING.some(folder => file.startsWith(`app/${folder}/`)))
  assert.deepEqual(outside, [])
  assert.ok(modules.includes('app/policy/schemas/access.json') && modules.length > 60, String(modules.length))
})

test('a copy of the program is the same one, until a letter of it changes', t => {
  const copy = mkdtempSync(join(tmpdir(), 'postern-program-'))
  t.after(() => rmSync(copy, { recursive: true }))
  const parts = ['package.json', 'node_modules/.package-lock.json', ...EXAMINING.map(name => `app/${name}`)]
  for (const part of parts.filter(name => existsSync(join(ROOT, name))))
    cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  assert.equal(programDigest(copy), programDigest())
  const schema = join(copy, 'app/policy/schemas/access.json')
  writeFileSync(schema, readFileSync(schema, 'utf8').replace('"type"', '"tipe"'))
  assert.notEqual(programDigest(copy), programDigest())
})

/** Every file that is run when this one is; imports of types alone are not. */
function closureOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const source = file.endsWith('.ts') ? stripTypeScriptTypes(readFileSync(file, 'utf8')) : ''
  for (const [, specifier] of source.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
    const target = join(dirname(file), String(specifier))
    assert.ok(existsSync(target), `${file} imports ${target}`)
    closureOf(target, seen)
  }
  return [...seen]
}
