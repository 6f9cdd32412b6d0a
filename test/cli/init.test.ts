import assert from 'node:assert/strict'
import { argon2Sync } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { runInit } from '../../app/cli/init.ts'
import { addressFault, networksFault } from '../../app/cli/init-questions.ts'
import { applyAnswers, readAnswers } from '../../app/cli/starter-policies.ts'
import { type Config, loadConfig } from '../../app/config/config.ts'
import { readPolicyFolder } from '../../app/config/policy-folder.ts'
import { secretState } from '../../app/config/secrets.ts'
import { loadPolicy } from '../../app/policy/load.ts'
import type { PolicySnapshot } from '../../app/policy/snapshot.ts'

const repository = dirname(dirname(import.meta.dirname))

let root: string
let config: Config

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern init '))
  cpSync(join(repository, 'policies'), join(root, 'policies'), { recursive: true })
  config = configFor({})
})
afterEach(() => rmSync(root, { recursive: true }))

function configFor(flags: { policies?: string }): Config {
  const loaded = loadConfig({ env: {}, root, flags })
  assert.ok(loaded.kind === 'loaded')
  return loaded.config
}

async function inForce(where: Config): Promise<PolicySnapshot> {
  const files = await readPolicyFolder(where.policiesDir)
  const loaded = loadPolicy(files, { secretState: ref => secretState(where.secretsDir, ref) })
  assert.ok(loaded.kind === 'loaded', JSON.stringify(loaded))
  return loaded.snapshot
}

/** Name, mode and content of everything below the root. */
function everything(): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries.map(entry => {
      const path = join(entry.parentPath, entry.name)
      const content = entry.isFile() ? readFileSync(path, 'base64') : ''
      return [path, `${statSync(path).mode.toString(8)} ${content}`]
    }),
  )
}

test('makes everything that a first start with the starter policies needs', async () => {
  const { made } = await runInit(config, false)
  const secrets = [
    'app.key',
    'app.pem',
    'basic-admin',
    'client-ca.pem',
    'internal-ca.pem',
    'master.key',
    'proxy.key',
    'proxy.pem',
  ]
  assert.deepEqual(readdirSync(config.secretsDir).sort(), secrets)
  assert.deepEqual(readdirSync(join(config.pkiDir, 'clients')).sort(), [
    'first-client.key',
    'first-client.pem',
  ])
  assert.equal(statSync(config.secretsDir).mode & 0o777, 0o700)
  for (const file of ['master.key', 'app.key', 'proxy.key', 'basic-admin']) {
    assert.equal(statSync(join(config.secretsDir, file)).mode & 0o777, 0o400, file)
  }
  assert.equal(made.length, 8)
  const principal = (await inForce(config)).principals.get('first-client')
  assert.equal(principal?.sanUri, 'spiffe://postern/client/first-client')
})

test('changes nothing the second time', async () => {
  await runInit(config, false)
  const before = everything()
  assert.deepEqual((await runInit(config, false)).made, [])
  assert.deepEqual(everything(), before)
})

test('shows the password once and keeps only its hash, which fits the password', async () => {
  const { made } = await runInit(config, false)
  const password = /shown only now\): (\S+)$/m.exec(made.join('\n'))?.[1] ?? assert.fail('no password shown')
  const hash = readFileSync(join(config.secretsDir, 'basic-admin'), 'utf8').trim()
  const [, , , , salt = '', tag = ''] = hash.split('$')
  assert.match(hash, /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
  const numbers = { parallelism: 1, tagLength: 32, memory: 7_168, passes: 5 }
  const again = argon2Sync('argon2id', { message: password, nonce: Buffer.from(salt, 'base64'), ...numbers })
  assert.equal(again.toString('base64').replace(/=+$/, ''), tag)
  assert.ok(!Object.values(everything()).some(text => Buffer.from(text, 'base64').includes(password)))
})

test('closes a secrets folder that others could look into', async () => {
  mkdirSync(config.secretsDir)
  chmodSync(config.secretsDir, 0o755)
  await runInit(config, false)
  assert.equal(statSync(config.secretsDir).mode & 0o777, 0o700)
})

test('tells containers whose files the secrets are, and keeps the other lines of .env', async () => {
  writeFileSync(join(root, '.env'), 'COMPOSE_PROJECT_NAME=wa\nPOSTERN_UID=1\n')
  await runInit(config, false)
  const { uid, gid } = statSync(config.secretsDir)
  const want = `COMPOSE_PROJECT_NAME=wa\nPOSTERN_UID=${uid}\nPOSTERN_GID=${gid}\n`
  assert.equal(readFileSync(join(root, '.env'), 'utf8'), want)
})

test('fills an empty policy folder from the starter, whose files point at the schemas from there', async () => {
  const elsewhere = configFor({ policies: join(root, 'ops', 'live') })
  await runInit(elsewhere, false)
  const edge = readFileSync(join(elsewhere.policiesDir, 'edge.yaml'), 'utf8')
  assert.match(edge, /^# yaml-language-server: \$schema=\.\.\/\.\.\/app\/policy\/schemas\/edge\.json$/m)
  await inForce(elsewhere)
})

test('leaves a policy folder alone that has something in it', async () => {
  const elsewhere = configFor({ policies: join(root, 'live') })
  mkdirSync(elsewhere.policiesDir)
  writeFileSync(join(elsewhere.policiesDir, 'own.yaml'), 'kind: Networks\nspec: {}\n')
  await runInit(elsewhere, false)
  assert.deepEqual(readdirSync(elsewhere.policiesDir), ['own.yaml'])
})

test('does not make a master key for a store that has one somewhere else', async () => {
  mkdirSync(config.dataDir)
  writeFileSync(join(config.dataDir, 'postern.db'), 'x')
  await assert.rejects(runInit(config, false), { code: 'key.missing' })
})

test('writes the answers into the policies, keeps the comments, and the policies stay valid', async () => {
  const addresses = {
    api: 'https://wa-api.example.com',
    dashboard: 'https://wa.example.com:8443',
    hooks: 'https://hooks.example.com',
  }
  const tls = { mode: 'acme', email: 'ops@example.com' }
  const answers = { addresses, tls, office: ['10.20.4.0/24', '2001:db8::/32'], operator: 'alice' }
  const changed = await applyAnswers(config.policiesDir, answers)
  assert.deepEqual(changed, ['edge.yaml', 'networks.yaml', 'principals.yaml'])
  assert.deepEqual(await readAnswers(config.policiesDir), answers)
  assert.deepEqual(await applyAnswers(config.policiesDir, answers), [])
  assert.match(readFileSync(join(config.policiesDir, 'edge.yaml'), 'utf8'), /# For incoming hooks\./)

  await runInit(config, false)
  const { edge, networks, principals } = await inForce(config)
  assert.equal(edge.sites.api?.address, addresses.api)
  assert.deepEqual(edge.sites.api?.networks, ['loopback', 'office'])
  assert.deepEqual(edge.sites.hooks?.networks, [])
  assert.deepEqual(edge.sites.dashboard?.basicAuth, ['alice'])
  assert.deepEqual(edge.tls, tls)
  assert.deepEqual(networks.get('office')?.cidrs, answers.office)
  assert.deepEqual(principals.get('alice')?.networks, ['loopback', 'office'])
  assert.equal(principals.get('admin'), undefined)
})

test('takes names for addresses and networks with their prefix, and says what is wrong with others', () => {
  for (const good of ['https://localhost:9443', 'https://wa.example.com'])
    assert.equal(addressFault(good), undefined)
  for (const bad of [
    '',
    'http://x',
    'https://127.0.0.1',
    'https://x/y',
    'https://x:0',
    'https://a b',
    'https://[::1]',
  ]) {
    assert.match(addressFault(bad) ?? '', /expected https/, bad)
  }
  assert.equal(networksFault('10.0.0.0/8, 2001:db8::/32'), undefined)
  assert.equal(networksFault(''), undefined)
  assert.match(networksFault('10.0.0.0/8, 10.0.0.1') ?? '', /10\.0\.0\.1 is no network/)
})
