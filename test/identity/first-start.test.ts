import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Config, loadConfig } from '../../app/config/config.ts'
import { type DemoFiles, ensureBasicPassword, ensureSandboxSecrets } from '../../app/identity/first-start.ts'
import { ensurePki } from '../../app/identity/pki/ensure.ts'

let root: string
let config: Config
const now = new Date()

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'postern-first-'))
  const loaded = loadConfig({ env: {}, root, flags: { sandbox: true } })
  assert.ok(loaded.kind === 'loaded')
  config = loaded.config
  await ensurePki(config, now)
})
afterEach(() => rmSync(root, { recursive: true }))

const make = () => ensureSandboxSecrets(config, join(root, 'data.sandbox', 'clients'), now)
const text = (path: string) => readFileSync(path, 'utf8').trim()
const secret = (name: string) => text(join(config.secretsDir, name))
const contents = (files: DemoFiles) => Object.values(files).map(text)

test('gives the demo client a certificate, an API key and a password that fit what the policies refer to', async () => {
  const files = await make()
  const certificate = new X509Certificate(readFileSync(files.cert))
  assert.ok(certificate.verify(new X509Certificate(secret('client-ca.pem')).publicKey))
  assert.equal(certificate.subjectAltName, 'URI:spiffe://postern/client/demo')
  assert.match(text(files.apiKey), /^pk_[A-Za-z0-9_-]{43}$/)
  assert.equal(secret('sandbox-key-demo'), createHash('sha256').update(text(files.apiKey)).digest('hex'))
  assert.match(secret('sandbox-basic'), /^\$argon2id\$/)
  assert.equal(Buffer.from(secret('sandbox-webhook').replace(/^whsec_/, ''), 'base64').length, 32)
  for (const file of [files.key, files.apiKey, files.password])
    assert.equal(statSync(file).mode & 0o777, 0o400)
})

test('keeps everything the second time', async () => {
  const first = contents(await make())
  const hash = secret('sandbox-basic')
  assert.deepEqual(contents(await make()), first)
  assert.equal(secret('sandbox-basic'), hash)
})

test('makes both halves fit again when the client lost its own', async () => {
  const files = await make()
  const hash = secret('sandbox-basic')
  rmSync(files.apiKey)
  rmSync(files.password)
  await make()
  assert.equal(secret('sandbox-key-demo'), createHash('sha256').update(text(files.apiKey)).digest('hex'))
  assert.notEqual(secret('sandbox-basic'), hash)
})

test('gives a password out once, and never again for a hash that is there', () => {
  assert.match(ensureBasicPassword(config, 'basic-admin') ?? '', /^[A-Za-z0-9_-]{24}$/)
  assert.equal(ensureBasicPassword(config, 'basic-admin'), undefined)
})
