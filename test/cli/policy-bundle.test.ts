import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { archive, type Entry, unarchive } from '../../app/policy/sign/archive.ts'
import { policyWorld } from './policy-world.ts'

const NETWORK = 'kind: Networks\nspec: { lab: { cidrs: ["10.30.0.0/24"] } }\n'

/** A folder of policies with the keys of two people. */
function signedWorld(t: TestContext) {
  const world = policyWorld(t, { 'more.yaml': NETWORK })
  const path = (...parts: readonly string[]) => join(world.folder, ...parts)
  for (const who of ['ana', 'bob']) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    writeFileSync(path(`${who}.key`), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(path(`${who}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
  }
  return { ...world, path }
}

test('a signature holds for the folder and its bundle, by the key that made it, and by no other', async t => {
  const { run, path } = signedWorld(t)
  const unsigned = await run(['verify', path('policies'), '--keys', path('ana.pub')])
  assert.deepEqual([unsigned.exitCode, unsigned.err], [7, 'postern: there is no signature'])
  assert.equal((await run(['sign', '--key', path('ana.key')])).exitCode, 0)
  assert.equal((await run(['bundle', '-o', path('set.tar')])).exitCode, 0)
  for (const source of ['policies', 'set.tar']) {
    assert.equal((await run(['verify', path(source), '--keys', path('ana.pub')])).exitCode, 0, source)
    assert.equal(
      (await run(['verify', path(source), '--keys', path('bob.pub'), path('ana.pub')])).exitCode,
      0,
    )
    const other = await run(['verify', path(source), '--keys', path('bob.pub')])
    assert.equal(other.exitCode, 7, source)
  }
})

test('a changed, a renamed and an added file each break the signature, and undoing it mends it', async t => {
  const { run, path } = signedWorld(t)
  await run(['sign', '--key', path('ana.key')])
  const verify = async () => (await run(['verify', path('policies'), '--keys', path('ana.pub')])).exitCode
  writeFileSync(path('policies', 'more.yaml'), NETWORK.replace('24', '16'))
  assert.equal(await verify(), 7)
  writeFileSync(path('policies', 'more.yaml'), NETWORK)
  assert.equal(await verify(), 0)
  renameSync(path('policies', 'more.yaml'), path('policies', 'moved.yaml'))
  assert.equal(await verify(), 7)
  renameSync(path('policies', 'moved.yaml'), path('policies', 'more.yaml'))
  assert.equal(await verify(), 0)
  writeFileSync(path('policies', 'added.yaml'), '# nothing\n')
  assert.equal(await verify(), 7)
})

test('a signature is over the words that say what it is for, and any of several lines may be the one that holds', async t => {
  const { run, path } = signedWorld(t)
  await run(['sign', '--key', path('ana.key')])
  const verify = async () => (await run(['verify', path('policies'), '--keys', path('ana.pub')])).exitCode
  const file = path('policies', 'policy.sig')
  const own = readFileSync(file, 'utf8')
  await run(['bundle', '-o', path('set.tar')])
  execFileSync('tar', ['-xf', path('set.tar'), '-C', path(), 'manifest.sha256'])
  const digest = createHash('sha256')
    .update(readFileSync(path('manifest.sha256')))
    .digest('hex')
  const lineOver = (words: string) =>
    `ed25519 ${sign(null, Buffer.from(words), readFileSync(path('ana.key'))).toString('base64')}\n`
  const line = lineOver(`postern policy manifest v1\nsha256:${digest}\n`)
  assert.equal(own, line)
  for (const [signatures, exitCode] of [
    [lineOver(`sha256:${digest}\n`), 7],
    [lineOver('of something else') + line, 0],
    [`# ana\n${line}`, 0],
  ] as const) {
    writeFileSync(file, signatures)
    assert.equal(await verify(), exitCode, signatures)
  }
})

test('a bundle that somebody else has packed is not taken, though its signature holds for the folder', async t => {
  const { run, path } = signedWorld(t)
  writeFileSync(path('policies', 'odd.yaml'), '# \ufffd\n')
  await run(['sign', '--key', path('ana.key')])
  await run(['bundle', '-o', path('set.tar')])
  const entries = unarchive(readFileSync(path('set.tar'))) ?? []
  const manifest = entries[0]?.content.toString() ?? ''
  const changed = manifest.replace(/^../, two => (two === '00' ? '11' : '00'))
  const noText = Uint8Array.of(0x23, 0x20, 0xff, 0x0a)
  const repacked: Readonly<Record<string, [readonly Entry[], number]>> = {
    'as it was': [entries, 0],
    'another manifest': [
      [{ name: 'manifest.sha256', content: Buffer.from(changed) }, ...entries.slice(1)],
      7,
    ],
    'a file beside the folder': [[...entries, { name: 'more.sh', content: Buffer.from('true') }], 7],
    'no manifest': [entries.slice(1), 7],
    'bytes that are no text': [
      entries.map(entry => (entry.name.endsWith('odd.yaml') ? { ...entry, content: noText } : entry)),
      7,
    ],
  }
  for (const [name, [files, exitCode]] of Object.entries(repacked)) {
    writeFileSync(path('repacked.tar'), archive(files) ?? '')
    const { exitCode: got } = await run(['verify', path('repacked.tar'), '--keys', path('ana.pub')])
    assert.equal(got, exitCode, name)
  }
})

test('what is no UTF-8 is neither signed nor bundled: its text would not be its bytes', async t => {
  const { run, path } = signedWorld(t)
  const odd = path('policies', 'odd.yaml')
  for (const [bytes, exitCode] of [
    [Uint8Array.of(0x23, 0xe9, 0x0a), 3],
    [Buffer.from('#é\n'), 0],
  ] as const) {
    writeFileSync(odd, bytes)
    for (const args of [
      ['sign', '--key', path('ana.key')],
      ['bundle', '-o', path('set.tar')],
    ]) {
      const ran = await run(args)
      assert.equal(ran.exitCode, exitCode, ran.err)
      assert.equal(ran.err.includes('odd.yaml is not UTF-8 text'), exitCode === 3)
    }
  }
})

test('a bundle with any byte changed is not taken', async t => {
  const { run, path } = signedWorld(t)
  await run(['sign', '--key', path('ana.key')])
  await run(['bundle', '-o', path('set.tar')])
  const bytes = readFileSync(path('set.tar'))
  for (const at of [
    0,
    130,
    160,
    520,
    bytes.indexOf('cidrs'),
    bytes.indexOf('ed25519') + 20,
    bytes.length - 1,
  ]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    writeFileSync(path('changed.tar'), changed)
    const verified = await run(['verify', path('changed.tar'), '--keys', path('ana.pub')])
    assert.equal(verified.exitCode, 7, `byte ${at}`)
  }
})

test('the same files give the same bundle, which tar and sha256sum understand', async t => {
  const { run, path } = signedWorld(t)
  await run(['sign', '--key', path('ana.key')])
  await run(['bundle', '-o', path('one.tar')])
  utimesSync(path('policies', 'more.yaml'), 1, 1)
  await run(['bundle', '-o', path('two.tar')])
  assert.deepEqual(readFileSync(path('one.tar')), readFileSync(path('two.tar')))
  mkdirSync(path('unpacked'))
  execFileSync('tar', ['-xf', path('one.tar'), '-C', path('unpacked')])
  assert.equal(readFileSync(path('unpacked', 'policies', 'more.yaml'), 'utf8'), NETWORK)
  assert.deepEqual(readdirSync(path('unpacked', 'policies')).sort(), readdirSync(path('policies')).sort())
  const manifest = path('unpacked', 'manifest.sha256')
  execFileSync('sha256sum', ['--check', '--strict', manifest], { cwd: path('unpacked', 'policies') })
})

test('says what is wrong with a key, a folder or a bundle', async t => {
  const { run, path } = signedWorld(t)
  assert.equal((await run(['sign', '--key', path('ana.pub')])).exitCode, 2)
  assert.equal((await run(['verify', path('policies'), '--keys', path('ana.key')])).exitCode, 2)
  const none = await run(['verify', path('policies', 'more.yaml'), '--keys', path('ana.pub')])
  assert.equal(none.exitCode, 7)
  assert.match(none.err, /is no bundle/)
  assert.equal((await run(['verify', path('nowhere'), '--keys', path('ana.pub')])).exitCode, 3)
})

test('a set that asks for a signature is refused without one, by another key and after a change, and taken with it', async t => {
  const { run, path } = signedWorld(t)
  const base = readFileSync(path('policies', 'base.yaml'), 'utf8')
  const asks = 'spec: { default: deny, signing: { require: true, keys: ["secret:signers.pem"] } }'
  writeFileSync(path('policies', 'base.yaml'), base.replace('spec: { default: deny }', asks))
  writeFileSync(path('secrets', 'signers.pem'), readFileSync(path('ana.pub')))
  const check = async () => {
    const { exitCode, out } = await run(['check', '--format', 'plain'])
    return `${exitCode} ${/PS-\d+/.exec(out)?.[0] ?? 'clean'}`
  }
  assert.equal(await check(), '3 PS-6001')
  await run(['sign', '--key', path('bob.key')])
  assert.equal(await check(), '3 PS-6002')
  await run(['sign', '--key', path('ana.key')])
  assert.equal(await check(), '0 clean')
  writeFileSync(path('policies', 'more.yaml'), NETWORK.replace('24', '25'))
  assert.equal(await check(), '3 PS-6002')
  assert.equal((await run(['check', '--no-secrets'])).exitCode, 0, 'a pipeline holds no keys')
  writeFileSync(path('secrets', 'signers.pem'), readFileSync(path('ana.key')))
  assert.equal(await check(), '3 PS-6003')
})
