import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyCommand } from '../../app/cli/key.ts'
import { runCommand } from './running.ts'

test('key issue shows a key of 256 bits once, keeps its hash alone, and replaces it only when told to', async t => {
  const root = mkdtempSync(join(tmpdir(), 'postern-key-'))
  t.after(() => rmSync(root, { recursive: true }))
  const key = (...args: string[]) => runCommand(keyCommand, join(root, 'data'), ['issue', ...args])
  const shown = JSON.parse((await key('reports', '--json')).out)
  assert.match(shown.key, /^pk_[A-Za-z0-9_-]{43}$/)
  assert.equal(shown.hash_ref, 'secret:key-reports')
  assert.equal(shown.hash_file, join(root, 'secrets', 'key-reports'))
  const hashOf = (text: string) => `${createHash('sha256').update(text).digest('hex')}\n`
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(shown.key))
  assert.equal(statSync(shown.hash_file).mode & 0o777, 0o400)
  await assert.rejects(key('reports'), { code: 'key.exists' })
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(shown.key))
  const { out } = await key('reports', '--renew')
  const renewed = /pk_\S+/.exec(out)?.[0] ?? ''
  assert.notEqual(renewed, shown.key)
  assert.equal(readFileSync(shown.hash_file, 'utf8'), hashOf(renewed))
  await assert.rejects(key('../up'), { code: 'pki.name' })
})
