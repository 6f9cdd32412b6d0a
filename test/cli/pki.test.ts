import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { createSecureContext } from 'node:tls'
import { pkiCommand } from '../../app/cli/pki.ts'
import { loadConfig } from '../../app/config/config.ts'

const PRINCIPALS = 'kind: Principals\nspec:\n  services: {}\n'

let root: string
let env: Record<string, string>
/** What stood last on standard error. */
let warned: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-pki-cli-'))
  env = {}
  warned = ''
})
afterEach(() => {
  mock.restoreAll()
  rmSync(root, { recursive: true })
})

/** Runs `pki …` and gives what it printed on standard output. */
async function pki(...args: string[]): Promise<string> {
  const lines: string[] = []
  const log = mock.method(console, 'log', (line: string) => lines.push(line))
  const warn = mock.method(console, 'error', (line: string) => {
    warned = line
  })
  const command = pkiCommand({
    configure(flags) {
      const loaded = loadConfig({ env, root, flags })
      assert.ok(loaded.kind === 'loaded')
      return loaded.config
    },
  })
  for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr() {} })
  try {
    await command.parseAsync(args, { from: 'user' })
  } finally {
    log.mock.restore()
    warn.mock.restore()
  }
  return lines.join('\n')
}

test('makes the CAs, signs for a client and lists what it signed, as JSON alone', async () => {
  assert.equal(JSON.parse(await pki('init', '--json')).made.length, 4)
  const issued = JSON.parse(await pki('issue', 'billing', '--days', '30', '--json'))
  assert.equal(issued.issued, true)
  assert.equal(issued.san, 'spiffe://postern/client/billing')
  const certificate = new X509Certificate(readFileSync(issued.cert_file))
  assert.equal(certificate.serialNumber.toLowerCase(), issued.serial)
  assert.ok(existsSync(issued.key_file))
  const { data } = JSON.parse(await pki('list', '--json'))
  const { serial, not_after, san } = issued
  assert.deepEqual(data, [{ name: 'billing', serial, not_after, san, status: 'unknown' }])
})

test('says how to get a new certificate when the client has one, and renew makes it', async () => {
  await pki('init')
  const first = JSON.parse(await pki('issue', 'billing', '--json'))
  assert.match(await pki('issue', 'billing'), /pki renew billing/)
  const renewed = JSON.parse(await pki('renew', 'billing', '--json'))
  assert.notEqual(renewed.serial, first.serial)
})

test('--p12 makes a file for browsers of what the client has, and shows its password once', async () => {
  await pki('init')
  const plain = JSON.parse(await pki('issue', 'billing', '--json'))
  assert.ok(!('p12_password' in plain))
  const { issued, serial, p12_file, p12_password } = JSON.parse(
    await pki('issue', 'billing', '--p12', '--json'),
  )
  assert.deepEqual([issued, serial], [false, plain.serial])
  assert.ok(createSecureContext({ pfx: readFileSync(p12_file), passphrase: p12_password }))
  assert.match(await pki('renew', 'billing', '--p12'), /^its password [A-Za-z0-9_-]{24}$/m)
})

test('says how to encrypt the key of the client CA until it is encrypted', async () => {
  const remedy = /POSTERN_PKI_PASSPHRASE_FILE=FILE \.\/postern pki init/
  assert.match(await pki('init'), remedy)
  await pki('issue', 'billing')
  assert.match(warned, remedy)
  env = { POSTERN_PKI_PASSPHRASE_FILE: join(root, 'passphrase') }
  writeFileSync(join(root, 'passphrase'), 'correct horse battery')
  const said = await pki('init')
  assert.match(said, /^made {4}passphrase on the key of the client CA$/m)
  assert.ok(!remedy.test(said))
  warned = ''
  assert.match(await pki('renew', 'billing'), /^certificate /)
  assert.equal(warned, '')
  env = {}
  await assert.rejects(pki('renew', 'billing'), { code: 'pki.passphrase' })
})

test('keeps the files beside the data folder that the command line names', async () => {
  await pki('init', '--data', join(root, 'elsewhere', 'data'))
  assert.ok(existsSync(join(root, 'elsewhere', 'pki', 'client-ca.key')))
  assert.ok(!existsSync(join(root, 'pki')))
})

test('refuses a name that is none and days that are no number', async () => {
  await pki('init')
  await assert.rejects(pki('issue', 'No Name'), { code: 'pki.name' })
  await assert.rejects(pki('issue', 'billing', '--days', 'many'), { code: 'commander.invalidArgument' })
  await assert.rejects(pki('issue'), { code: 'commander.missingArgument' })
})

test('asks for pki init when there is no CA yet', async () => {
  await assert.rejects(pki('issue', 'billing'), { code: 'pki.no_authority', message: /pki init/ })
})

test('revoke writes every running certificate of a client into the policies, and list shows it', async () => {
  const file = join(root, 'policies', 'principals.yaml')
  mkdirSync(dirname(file))
  writeFileSync(file, PRINCIPALS)
  await pki('init')
  const serials = []
  for (const args of [
    ['issue', 'billing'],
    ['renew', 'billing'],
    ['issue', 'reports'],
  ])
    serials.push(JSON.parse(await pki(...args, '--json')).serial)
  const [first, second] = serials
  assert.match(await pki('revoke', 'billing', '--serial', second), /appliance does not run/)
  const statuses = async () =>
    JSON.parse(await pki('list', '--json')).data.map((one: { status: string }) => one.status)
  assert.deepEqual(await statuses(), ['valid', 'revoked', 'valid'])
  const done = JSON.parse(await pki('revoke', 'billing', '--reason', 'laptop lost', '--json'))
  assert.deepEqual(done.files, ['principals.yaml'])
  assert.equal(done.in_force, null)
  assert.deepEqual(await statuses(), ['revoked', 'revoked', 'valid'])
  const since = new Date().toISOString().slice(0, 10)
  const lines = [
    `    - { serial: "${second}", since: ${since} }`,
    `    - { serial: "${first}", since: ${since}, reason: laptop lost }`,
  ]
  assert.equal(readFileSync(file, 'utf8'), `${PRINCIPALS}  revoked:\n${lines.join('\n')}\n`)
  assert.deepEqual(JSON.parse(await pki('revoke', 'billing', '--json')).files, [])
})

test('revoke takes a serial of another CA, and refuses what it does not know', async () => {
  mkdirSync(join(root, 'policies'))
  writeFileSync(join(root, 'policies', 'principals.yaml'), PRINCIPALS)
  await pki('init')
  const { revoked } = JSON.parse(await pki('revoke', '--serial', '4F:9A:00:C1', '--json'))
  assert.equal(revoked[0].serial, '4f9a00c1')
  for (const args of [['nobody'], ['nobody', '--serial', '12']])
    await assert.rejects(pki('revoke', ...args), { code: 'pki.unknown' })
  await assert.rejects(pki('revoke'), { code: 'pki.nothing' })
  await assert.rejects(pki('revoke', '--serial', 'xyz'), { code: 'commander.invalidArgument' })
})
