import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type BareMachine, makeBareMachine } from './bare-machine.ts'

const NEW_CADDY = 'echo "v2.11.4 h1:abc="'
const OLD_CADDY = 'echo "2.6.2"'

let machine: BareMachine

beforeEach(() => {
  machine = makeBareMachine()
})
afterEach(() => machine.remove())

test('gets Node and the packages on the first start, and nothing on the second', async () => {
  const first = await machine.start(['send', 'main'])
  assert.equal(first.code, 0, first.stderr)
  assert.match(
    first.stderr,
    /^postern: getting Node 26 .* v26\.1\.0 \(\d+ s\)\npostern: installing the packages .* done \(\d+ s\)\n$/,
  )
  assert.match(
    machine.read('calls'),
    /install --prefix .* --ignore-scripts node-linux-(x64|arm64)@26\nnpm .* ci --omit=dev --ignore-scripts\n/,
  )
  const calls = machine.read('calls')
  const second = await machine.start(['send', 'main'])
  assert.equal(second.code, 0)
  assert.equal(second.stderr, '')
  assert.equal(machine.read('calls'), calls)
})

test('hands arguments over as they are, from any folder and through links', async () => {
  machine.program('node', 'exec "$NEW_NODE" "$@"')
  mkdirSync(join(machine.folder, 'links'))
  symlinkSync('../my postern/postern', join(machine.folder, 'links/inner'))
  symlinkSync(join(machine.folder, 'links/inner'), join(machine.folder, 'outer'))
  const ended = await machine.start(['send', 'main', '+15550100', 'two  words', '*', ''], {
    launcher: join(machine.folder, 'outer'),
    cwd: '/usr',
  })
  const words = ended.stdout.split('\n').filter(line => line.startsWith('argument'))
  assert.deepEqual(
    words,
    ['send', 'main', '+15550100', 'two  words', '*', ''].map(word => `argument ${word}`),
  )
  assert.match(ended.stdout, /^\/usr$/m)
})

test('uses a Node of the PATH that is new enough, also behind one that is not', async () => {
  machine.program('../more/node', 'exec "$NEW_NODE" "$@"')
  const PATH = `${machine.folder}/bin:${machine.folder}/more:/usr/bin:/bin`
  const ended = await machine.start(['send'], { env: { PATH } })
  assert.equal(ended.code, 0, ended.stderr)
  assert.doesNotMatch(machine.read('calls'), /node-linux/)
})

for (const [version, taken] of [
  ['v24.14.9', false],
  ['v24.15.0', true],
  ['v25.0.0', true],
  ['v22.21.0', false],
] as const) {
  test(`${taken ? 'takes' : 'does not take'} Node ${version}`, async () => {
    machine.program('node', `[ "$1" = --version ] && { echo ${version}; exit; }; exec "$NEW_NODE" "$@"`)
    const ended = await machine.start(['send'])
    assert.equal(/getting Node/.test(ended.stderr), !taken, ended.stderr)
  })
}

test('says what it tried and what to do when Node cannot be had', async () => {
  const ended = await machine.start(['send'], { env: { OFFLINE: 'yes' } })
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /no Node 24\.15 or newer could be had/)
  assert.match(ended.stderr, /tried: .*node-linux-\w+@26; .*node-linux-\w+@24/)
  assert.match(ended.stderr, /npm error code ENOTFOUND/)
  assert.match(ended.stderr, /do: check the network/)
})

test('says so when there is no npm to start with', async () => {
  machine.program('npm', 'exit 1')
  machine.program('node', 'echo v18.0.0')
  const ended = await machine.start(['send'])
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /Node 20 or newer with npm is needed/)
})

test('installs again when the lock file changed, and a failure leaves the old packages', async () => {
  assert.equal((await machine.start(['send'])).code, 0)
  machine.write('node_modules/mark', '')
  machine.write('package-lock.json', '{"changed":true}\n')
  const failed = await machine.start(['send'], { env: { OFFLINE: 'yes' } })
  assert.equal(failed.code, 1)
  assert.match(failed.stderr, /the packages could not be installed/)
  assert.ok(machine.has('node_modules/mark'))
  const ended = await machine.start(['send'])
  assert.equal(ended.code, 0, ended.stderr)
  assert.ok(!machine.has('node_modules/mark'))
})

test('installs what the tests need for the tests alone, and keeps it', async () => {
  machine.program('caddy', NEW_CADDY)
  await machine.start(['send'])
  await machine.start(['test', 'unit'])
  assert.match(machine.read('calls'), /ci --include=dev --ignore-scripts\n$/)
  const calls = machine.read('calls')
  await machine.start(['send'])
  await machine.start(['test', '--help'])
  assert.equal(machine.read('calls'), calls)
})

test('takes packages that somebody installed by hand', async () => {
  machine.write('node_modules/.package-lock.json', '{}\n')
  const ended = await machine.start(['send'])
  assert.equal(ended.code, 0, ended.stderr)
  assert.doesNotMatch(ended.stderr, /installing/)
})

test('two launchers at once fetch everything once', async () => {
  const ends = await Promise.all([1, 2, 3].map(() => machine.start(['send'], { env: { SLOW: '0.3' } })))
  assert.deepEqual(
    ends.map(ended => ended.code),
    [0, 0, 0],
  )
  assert.equal(machine.read('calls').match(/node-linux/g)?.length, 1)
  assert.equal(machine.read('calls').match(/ ci /g)?.length, 1)
})

test('a launcher that was killed leaves no lock behind', async () => {
  machine.write('.runtime/lock', '')
  assert.equal((await machine.start(['send'])).code, 0)
})

test('asks for Caddy only when a command needs it', async () => {
  for (const args of [['send'], ['policy', 'test'], ['up', '--help'], ['--help']]) {
    assert.equal((await machine.start(args)).code, 0, args.join(' '))
  }
  for (const args of [['up'], ['demo', '--json'], ['policy', '--policies', 'x', 'check'], ['test']]) {
    const ended = await machine.start(args)
    assert.equal(ended.code, 1, args.join(' '))
    assert.match(ended.stderr, /no Caddy 2\.11\.4 or newer could be had/)
    assert.match(ended.stderr, /tried: .*Debian forky; Debian sid/)
    assert.match(ended.stderr, /do: install Caddy/)
  }
})

test('passes a good Caddy of the PATH on, and not an old one', async () => {
  machine.program('caddy', NEW_CADDY)
  const ended = await machine.start(['up'])
  assert.match(ended.stdout, new RegExp(`^POSTERN_CADDY=${machine.folder}/bin/caddy$`, 'm'))
  machine.program('caddy', OLD_CADDY)
  const refused = await machine.start(['up'])
  assert.match(refused.stderr, /tried: the PATH \(.*caddy, 2\.6\.2\)/)
})

test('refuses a POSTERN_CADDY that is too old instead of taking another', async () => {
  machine.program('caddy', NEW_CADDY)
  machine.program('old-caddy', OLD_CADDY)
  const named = (name: string) =>
    machine.start(['up'], { env: { POSTERN_CADDY: join(machine.folder, 'bin', name) } })
  const refused = await named('old-caddy')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /POSTERN_CADDY names no Caddy 2\.11\.4 or newer/)
  assert.equal((await named('caddy')).code, 0)
})

test('proxies are for npm, and never for the app', async () => {
  const ended = await machine.start(['send'], {
    env: { https_proxy: 'http://proxy:3128', HTTP_PROXY: 'http://proxy:3128' },
  })
  assert.equal(ended.code, 0, ended.stderr)
  assert.match(machine.read('calls'), /npm through http:\/\/proxy:3128/)
  assert.doesNotMatch(ended.stdout, /proxy/i)
})

test('with everything in place it costs less than 0.3 s', async () => {
  machine.program('caddy', NEW_CADDY)
  await machine.start(['up'])
  const times: number[] = []
  for (let run = 0; run < 5; run += 1) {
    const startedAt = performance.now()
    await machine.start(['up'])
    times.push(performance.now() - startedAt)
  }
  assert.ok(Math.min(...times) < 300, `${Math.min(...times)} ms`)
})
