import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { readMasterKey } from '../../app/config/master-key.ts'
import { isExposed, readSecret, secretReader, secretState } from '../../app/config/secrets.ts'

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-secrets-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('reads a secret without the end of its line, and never shows it', t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'wh-billing'), 'whsec_c2VjcmV0\n')
  const secret = readSecret(folder, 'secret:wh-billing')
  assert.equal(secret.reveal().toString(), 'whsec_c2VjcmV0')
  assert.equal(`${secret} ${JSON.stringify(secret)} ${inspect(secret)}`, '[secret] "[secret]" [secret]')
  assert.equal(readSecret('/nowhere', `file:${join(folder, 'wh-billing')}`).reveal().length, 14)
})

test('keeps every byte but the last line end', t => {
  const folder = temporaryFolder(t)
  for (const [text, want] of [
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    [' a ', ' a '],
  ] as const) {
    writeFileSync(join(folder, 'one'), text)
    assert.equal(readSecret(folder, 'secret:one').reveal().toString(), want)
  }
})

test('follows links, as mounted secrets are', t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, '..data'))
  writeFileSync(join(folder, '..data', 'one'), 'value')
  symlinkSync('..data/one', join(folder, 'one'))
  assert.equal(secretState(folder, 'secret:one'), 'ok')
})

test('says which secret every user of the machine may read, by its own mode and those of the folders above it', t => {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'secrets'))
  const path = join(folder, 'secrets', 'one')
  writeFileSync(path, 'value')
  for (const [file, own, above, want] of [
    [0o644, 0o755, 0o755, true],
    [0o640, 0o755, 0o755, false],
    [0o644, 0o755, 0o700, false],
    [0o644, 0o750, 0o755, false],
    [0o644, 0o711, 0o711, true], // who knows the name needs no list
  ] as const) {
    chmodSync(path, file)
    chmodSync(join(folder, 'secrets'), own)
    chmodSync(folder, above)
    assert.equal(isExposed(join(folder, 'secrets'), 'secret:one'), want, [file, own, above].join())
  }
  assert.equal(isExposed(folder, 'secret:none'), false)
})

test('says which secret is missing or cannot be used, and never leaves the folder by name', t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'empty'), '')
  mkdirSync(join(folder, 'folder'))
  assert.equal(secretState(folder, 'secret:none'), 'missing')
  assert.equal(secretState(folder, 'secret:empty'), 'unreadable')
  assert.equal(secretState(folder, 'secret:folder'), 'unreadable')
  for (const ref of [
    'secret:../etc/passwd',
    'secret:a/b',
    'file:relative',
    'file:/etc/../etc/passwd',
    'passwd',
    '',
  ]) {
    assert.equal(secretState(folder, ref), 'missing', ref)
    assert.throws(() => readSecret(folder, ref), { code: 'secret.missing' }, ref)
  }
  assert.throws(() => readSecret(folder, 'secret:none'), { code: 'secret.missing', message: /secret:none/ })
  assert.throws(() => readSecret(folder, 'secret:empty'), { code: 'secret.unreadable' })
})

test('a secret is read from the disk again after a second, and not kept when it is gone', t => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'token')
  let nowMs = 10_000
  const read = secretReader(folder, () => new Date(nowMs))
  const text = () => read('secret:token').reveal().toString('utf8')
  writeFileSync(file, 'one\n')
  assert.equal(text(), 'one')
  writeFileSync(file, 'two\n')
  nowMs += 999
  assert.equal(text(), 'one')
  nowMs += 1
  assert.equal(text(), 'two')
  rmSync(file)
  nowMs -= 60_000 // a clock that was put back
  assert.throws(text, { code: 'secret.missing' })
  assert.throws(text, { code: 'secret.missing' })
})

test('makes the master key of a first start, for its owner alone, and reads the same one again', t => {
  const masterKeyFile = join(temporaryFolder(t), 'secrets', 'master.key')
  const made = readMasterKey({ masterKeyFile }, false)
  assert.equal(made.created, true)
  assert.equal(made.key.reveal().length, 32)
  assert.equal(statSync(masterKeyFile).mode & 0o777, 0o400)
  assert.equal(statSync(join(masterKeyFile, '..')).mode & 0o777, 0o700)
  const again = readMasterKey({ masterKeyFile }, true)
  assert.deepEqual({ ...again, key: again.key.reveal() }, { created: false, key: made.key.reveal() })
})

test('makes no new key for a store that has one already', t => {
  const folder = temporaryFolder(t)
  const masterKeyFile = join(folder, 'master.key')
  assert.throws(() => readMasterKey({ masterKeyFile }, true), { code: 'key.missing', message: /put it back/ })
  assert.throws(() => statSync(masterKeyFile))
})

test('says when no key can be made', t => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'file'), '')
  const masterKeyFile = join(folder, 'file', 'master.key')
  assert.throws(() => readMasterKey({ masterKeyFile }, false), { code: 'key.missing' })
})

for (const text of ['', 'short', `${'A'.repeat(44)}`, `${'A'.repeat(43)}==`, `${'A'.repeat(42)}!=`]) {
  test(`refuses ${JSON.stringify(text)} as a master key, and leaves it alone`, t => {
    const masterKeyFile = join(temporaryFolder(t), 'master.key')
    writeFileSync(masterKeyFile, text, { mode: 0o400 })
    assert.throws(() => readMasterKey({ masterKeyFile }, false), { code: 'key.malformed' })
    assert.equal(readFileSync(masterKeyFile, 'utf8'), text)
  })
}

test('refuses a key that others may write, warns of one that they may read, accepts one that is private', t => {
  const masterKeyFile = join(temporaryFolder(t), 'master.key')
  readMasterKey({ masterKeyFile }, false)
  for (const mode of [0o420, 0o402, 0o666]) {
    chmodSync(masterKeyFile, mode)
    assert.throws(() => readMasterKey({ masterKeyFile }, true), { code: 'key.unsafe', message: /chmod 0400/ })
  }
  chmodSync(masterKeyFile, 0o444)
  assert.match(readMasterKey({ masterKeyFile }, true).warning ?? '', /others may read/)
  for (const mode of [0o400, 0o600]) {
    chmodSync(masterKeyFile, mode)
    assert.equal(readMasterKey({ masterKeyFile }, true).warning, undefined)
  }
})
