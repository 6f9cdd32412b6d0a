import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { nativeAddOns, REMOVED_FROM_IMAGES } from '../../scripts/supply-chain/add-ons.ts'
import { readAudit } from '../../scripts/supply-chain/audit.ts'
import {
  consequenceOf,
  type Licensed,
  type LockFile,
  productionPackages,
} from '../../scripts/supply-chain/licences.ts'
import { writeSupplyChain } from '../../scripts/supply-chain.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const AUDIT_WITHIN_MS = 60_000
const installed = productionPackages(
  JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockFile,
)

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-supply-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const one = (name: string, licence: string): Licensed => ({
  ...{ name, licence, version: '1.0.0', folder: `node_modules/${name}` },
})

test('every package that runs in production has a licence that somebody has looked at', () => {
  assert.ok(installed.length > 100)
  const unknown = installed.filter(it => consequenceOf(it) === undefined)
  assert.deepEqual(unknown, [])
})

const VERDICTS: readonly [name: string, licence: string, known: boolean][] = [
  ['anything', 'MIT', true],
  ['anything', 'Apache-2.0 AND MIT', true],
  ['anything', '', false],
  ['anything', 'UNLICENSED', false],
  ['anything', 'SEE LICENSE IN LICENSE', false],
  ['anything', 'MIT AND SSPL-1.0', false],
  ['libsignal', 'GPL-3.0', true],
  ['libsignal', 'AGPL-3.0', false],
  ['anything', 'GPL-3.0', false],
  ['@img/sharp-libvips-linux-x64', 'LGPL-3.0-or-later', true],
  ['anything', 'LGPL-3.0-or-later', false],
]

test('a licence that is not known, and a known one on another package than the named, are refused', () => {
  for (const [name, licence, known] of VERDICTS) {
    assert.equal(consequenceOf(one(name, licence)) !== undefined, known, `${name} under ${licence}`)
  }
})

test('the list names every package, and what follows from the licence of libsignal', t => {
  const { sbom, licences } = writeSupplyChain(temporaryFolder(t))
  const list = readFileSync(licences, 'utf8')
  for (const { name, version } of installed) assert.ok(list.includes(`| ${name} | ${version} |`), name)
  assert.match(list, /\| libsignal \| \S+ \| GPL-3\.0 \| [^|]*under the terms of the GPL-3\.0/)
  const bom = JSON.parse(readFileSync(sbom, 'utf8')) as {
    bomFormat: string
    components: readonly { name: string; version: string; hashes?: readonly { alg: string }[] }[]
  }
  assert.equal(bom.bomFormat, 'CycloneDX')
  const baileys = bom.components.find(({ name }) => name === '@whiskeysockets/baileys')
  assert.deepEqual([baileys?.version, baileys?.hashes?.[0]?.alg], ['7.0.0-rc14', 'SHA-512'])
  assert.equal(
    bom.components.some(({ name }) => name === 'typescript'),
    false,
    'a development package',
  )
})

test('no package that images are made of brings a compiled add-on, and one that did would be found', t => {
  assert.deepEqual(nativeAddOns(ROOT, installed), [])
  assert.match(
    readFileSync(join(ROOT, 'app/Dockerfile'), 'utf8'),
    new RegExp(`rm -rf ${REMOVED_FROM_IMAGES.join(' ')} `),
  )
  const root = temporaryFolder(t)
  for (const name of ['fast', 'sharp']) {
    mkdirSync(join(root, 'node_modules', name, 'build'), { recursive: true })
    writeFileSync(join(root, 'node_modules', name, 'build/fast.node'), '')
  }
  const packages = [one('fast', 'MIT'), one('sharp', 'Apache-2.0'), one('not-installed', 'MIT')]
  assert.deepEqual(nativeAddOns(root, packages), ['node_modules/fast/build/fast.node'])
})

test('what npm audit prints is read for what it is', () => {
  const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities })
  assert.deepEqual(readAudit(report({})), { kind: 'clean' })
  assert.deepEqual(readAudit(report({ express: { severity: 'high' } })), {
    kind: 'holes',
    packages: ['express (high)'],
  })
  const refused = JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 })
  assert.deepEqual(readAudit(refused), { kind: 'no-answer', reason: '405 Method Not Allowed' })
  assert.deepEqual(readAudit(''), { kind: 'no-answer', reason: 'npm printed no report' })
})

test('the registry knows no hole in what runs in production', t => {
  const args = ['audit', '--omit=dev', '--json', '--fetch-retries=0', '--fetch-timeout=20000']
  const { stdout } = spawnSync('npm', args, { cwd: ROOT, timeout: AUDIT_WITHIN_MS, encoding: 'utf8' })
  const audit = readAudit(stdout)
  if (audit.kind === 'no-answer')
    return t.skip(`the registry answers no audit: ${audit.reason.slice(0, 100)}`)
  assert.deepEqual(audit, { kind: 'clean' })
})
