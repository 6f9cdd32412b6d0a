import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { findCaddy, parseCaddyVersion } from '../../app/supervise/find-caddy.ts'

let root: string

before(() => {
  root = mkdtempSync(join(tmpdir(), 'postern-caddy-'))
})
after(() => rmSync(root, { recursive: true }))

/** A program that says it is that version. */
function program(path: string, version: string): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\necho '${version}'\n`)
  chmodSync(file, 0o755)
  return file
}

test('reads the version as distributions and the project itself print it', () => {
  assert.equal(parseCaddyVersion('2.11.4\n'), '2.11.4')
  assert.equal(parseCaddyVersion('v2.11.4 h1:abc='), '2.11.4')
  assert.equal(parseCaddyVersion('2.11.4-1 (Debian)'), undefined)
  assert.equal(parseCaddyVersion('v2.12.0-beta.1 h1:abc='), undefined)
  assert.equal(parseCaddyVersion('unknown'), undefined)
})

test('takes the one the environment names, and no other when that is too old', async () => {
  const good = program('own/caddy', 'v2.12.0 h1:x=')
  const old = program('old/caddy', '2.11.3')
  assert.equal(await findCaddy({ root, caddy: good }, ''), good)
  await assert.rejects(findCaddy({ root, caddy: old }, dirname(good)), {
    code: 'edge.no_caddy',
    message: /2\.11\.4 or newer .*old\/caddy is 2\.11\.3/,
  })
})

test('prefers the fetched one and passes over older ones on the search path', async () => {
  const old = program('bin-old/caddy', '2.6.2')
  const good = program('bin/caddy', '3.0.0')
  const path = `${dirname(old)}:${dirname(good)}`
  assert.equal(await findCaddy({ root }, path), good)
  const fetched = program('.runtime/caddy/caddy', '2.11.4')
  assert.equal(await findCaddy({ root }, path), fetched)
})

test('says what to do when there is none', async () => {
  await assert.rejects(findCaddy({ root: join(root, 'empty') }, join(root, 'nothing')), {
    code: 'edge.no_caddy',
    message: /none found.*POSTERN_CADDY/,
  })
})
