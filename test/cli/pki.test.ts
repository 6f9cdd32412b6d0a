import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { pkiCommand } from '../../app/cli/pki.ts'
import { loadConfig } from '../../app/config/config.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-pki-cli-'))
})
afterEach(() => {
  mock.restoreAll()
  rmSync(root, { recursive: true })
})

/** Runs `pki …` and gives what it printed on standard output. */
async function pki(...args: string[]): Promise<string> {
  const lines: string[] = []
  const log = mock.method(console, 'log', (line: string) => lines.push(line))
  const command = pkiCommand({
    configure(flags) {
      const loaded = loadConfig({ env: {}, root, flags })
      assert.ok(loaded.kind === 'loaded')
      return loaded.config
    },
  })
  for (const one of [command, ...command.commands]) one.exitOverride().configureOutput({ writeErr() {} })
  try {
    await command.parseAsync(args, { from: 'user' })
  } finally {
    log.mock.restore()
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
  assert.deepEqual(data, [
    { name: 'billing', serial: issued.serial, not_after: issued.not_after, san: issued.san },
  ])
})

test('says how to get a new certificate when the client has one, and renew makes it', async () => {
  await pki('init')
  const first = JSON.parse(await pki('issue', 'billing', '--json'))
  assert.match(await pki('issue', 'billing'), /pki renew billing/)
  const renewed = JSON.parse(await pki('renew', 'billing', '--json'))
  assert.notEqual(renewed.serial, first.serial)
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
