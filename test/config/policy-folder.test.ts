import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readPolicyFolder } from '../../app/config/policy-folder.ts'
import { wrongByteIn } from '../../app/model/policy-file.ts'

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-policies-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

test('reads every yaml file below the folder, sorted, and nothing else', async t => {
  const folder = temporaryFolder(t)
  write(folder, {
    'b.yaml': 'b',
    'a.yml': 'a',
    'teams/billing/access.yaml': 'c',
    'README.md': 'no',
    'notes.yaml.bak': 'no',
    '.hidden.yaml': 'no',
    '.git/config.yaml': 'no',
  })
  assert.deepEqual(await readPolicyFolder(folder), [
    { name: 'a.yml', text: 'a' },
    { name: 'b.yaml', text: 'b' },
    { name: 'teams/billing/access.yaml', text: 'c' },
  ])
})

test('follows the links of a mounted folder, before and after they are swapped', async t => {
  const folder = temporaryFolder(t)
  write(folder, { '..2026_1/access.yaml': 'old', '..2026_2/access.yaml': 'new' })
  symlinkSync('..2026_1', join(folder, '..data'))
  symlinkSync('..data/access.yaml', join(folder, 'access.yaml'))
  assert.deepEqual(await readPolicyFolder(folder), [{ name: 'access.yaml', text: 'old' }])
  symlinkSync('..2026_2', join(folder, '..next'))
  renameSync(join(folder, '..next'), join(folder, '..data'))
  assert.deepEqual(await readPolicyFolder(folder), [{ name: 'access.yaml', text: 'new' }])
})

test('reads a folder once, also when a link leads back to it', async t => {
  const folder = temporaryFolder(t)
  write(folder, { 'a.yaml': 'a' })
  symlinkSync('.', join(folder, 'again'))
  assert.deepEqual(await readPolicyFolder(folder), [{ name: 'a.yaml', text: 'a' }])
})

test('leaves out the mark that some editors put at the start of a file', async t => {
  const folder = temporaryFolder(t)
  write(folder, { 'a.yaml': '\u{feff}kind: Edge\n' })
  assert.equal((await readPolicyFolder(folder))[0]?.text, 'kind: Edge\n')
})

test('gives an empty folder as no files, and says when there is none', async t => {
  const folder = temporaryFolder(t)
  assert.deepEqual(await readPolicyFolder(folder), [])
  await assert.rejects(readPolicyFolder(join(folder, 'missing')), {
    code: 'policy.folder',
    message: /^there is no policy folder .*missing: run \.\/postern init/,
  })
})

test('marks the first byte that is no UTF-8, wherever it stands, and no letter that is', async t => {
  const folder = temporaryFolder(t)
  const mark = [0xef, 0xbb, 0xbf]
  write(folder, {
    'a.yaml': Uint8Array.of(0x6b, 0xff, 0xfe),
    'b.yaml': Uint8Array.of(...mark, 0xef, 0xbf, 0xbd, 0xe9, 0x0a, 0xe9), // U+FFFD is a letter like others
    'c.yaml': Uint8Array.of(0x6b, 0xc3), // ends within a letter
    'd.yaml': '\u{fffd}🏔',
  })
  const texts = (await readPolicyFolder(folder)).map(({ text }) => [text, wrongByteIn(text)])
  assert.deepEqual(texts, [
    ['k\udc80\ufffd\ufffd', 1],
    ['\ufffd\udc80\ufffd\n\ufffd', 1],
    ['k\udc80\ufffd', 1],
    ['\ufffd🏔', undefined],
  ])
})

test('names the file that cannot be read', async t => {
  const folder = temporaryFolder(t)
  symlinkSync('nowhere.yaml', join(folder, 'b.yaml'))
  await assert.rejects(readPolicyFolder(folder), { code: 'policy.file', message: /b\.yaml/ })
})
