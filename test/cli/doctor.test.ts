import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { doctorCommand } from '../../app/cli/doctor.ts'
import { compareVersions } from '../../app/lib/version.ts'
import { examine } from '../../app/supervise/doctor/doctor.ts'
import { holesOf, knownHoles } from '../../app/supervise/doctor/holes.ts'
import { judgeVersions, type Verdict, type Versions } from '../../app/supervise/doctor/versions.ts'
import { runCommand } from './running.ts'

const ROOT = dirname(dirname(import.meta.dirname))

const ASCENDING = [
  ...[
    '2.6.2',
    '2.11',
    '2.11.1',
    'v2.11.4',
    '2.12.0',
    '7.0.0-alpha',
    '7.0.0-rc.1',
    '7.0.0-rc.2',
    '7.0.0-rc.10',
  ],
  ...['7.0.0-rc12', '7.0.0-rc14', '7.0.0', '24.14.1', '24.15', '24.15.1', '25.0.0', '26.10.0'],
]

test('versions stand in their order, those before a release among them', () => {
  for (const [n, one] of ASCENDING.entries()) {
    for (const [m, other] of ASCENDING.entries())
      assert.equal(Math.sign(compareVersions(one, other)), Math.sign(n - m), `${one} and ${other}`)
  }
  assert.equal(compareVersions('2.11', 'v2.11.0'), 0)
})

const HOLES = knownHoles(`
- { id: HOLE-1, in: caddy, what: it lets in, affected: [{ fixed: 2.11.6 }] }
- { id: HOLE-2, in: node, what: it ends, affected: [{ fixed: 24.16.0 }, { from: 25.0.0, fixed: 25.8.2 }] }
- { id: HOLE-3, in: baileys, what: it believes, affected: [{ from: 7.0.0-rc.1, fixed: 7.0.0-rc12 }] }
`)

const WELL: Versions = {
  node: '26.10.0',
  caddy: { kind: 'found', path: '/usr/bin/caddy', version: '2.11.6' },
  baileys: '7.0.0-rc14',
  pinned: { node: '24.15', caddy: '2.11.4', baileys: '7.0.0-rc14' },
}
const caddy = (version: string): Versions['caddy'] => ({ kind: 'found', path: '/usr/bin/caddy', version })
const none = (version?: string): Versions['caddy'] => ({
  kind: 'none',
  tried: version === undefined ? [] : [{ path: '/usr/bin/caddy', verdict: `is ${version}`, version }],
})

const CASES: readonly [name: string, change: Partial<Versions>, want: string, detail: RegExp][] = [
  ['all as it should be', {}, 'ok ok ok', /^Node 26\.10\.0$/],
  [
    'a Node that is too old, with its hole',
    { node: '24.14.9' },
    'fail ok ok',
    /older than 24\.15; HOLE-2 \(it ends\)/,
  ],
  ['a Node that is new enough, with a hole', { node: '25.8.1' }, 'fail ok ok', /^Node 25\.8\.1: HOLE-2/],
  ['the Node in which it is mended', { node: '25.8.2' }, 'ok ok ok', /^Node 25\.8\.2$/],
  ['a Node between two lines with holes', { node: '24.16.0' }, 'ok ok ok', /^Node/],
  [
    'a Caddy with a hole',
    { caddy: caddy('2.11.5') },
    'ok fail ok',
    /^Caddy 2\.11\.5: HOLE-1 \(it lets in\)$/,
  ],
  [
    'a Caddy that is too old',
    { caddy: none('2.6.2') },
    'ok fail ok',
    /^Caddy 2\.6\.2: older than 2\.11\.4; HOLE-1/,
  ],
  ['no Caddy', { caddy: none() }, 'ok warn ok', /^no Caddy found$/],
  ['no Baileys', { baileys: undefined }, 'ok ok fail', /not installed/],
  ['a Baileys with a hole', { baileys: '7.0.0-rc.9' }, 'ok ok fail', /older than 7\.0\.0-rc14; HOLE-3/],
  [
    'a Baileys that is too old',
    { baileys: '6.7.23' },
    'ok ok fail',
    /^Baileys 6\.7\.23: older than 7\.0\.0-rc14$/,
  ],
  ['a Baileys that was not tested', { baileys: '7.0.0' }, 'ok ok warn', /newer than 7\.0\.0-rc14/],
]

test('what is too old, has a hole or was not tested is told, with a remedy, and nothing else is', () => {
  for (const [name, change, want, detail] of CASES) {
    const verdicts = judgeVersions({ ...WELL, ...change }, HOLES)
    assert.equal(verdicts.map(({ verdict }) => verdict).join(' '), want, name)
    const worst = verdicts.find(({ verdict }) => verdict !== 'ok') ?? verdicts[0]
    assert.match(worst?.detail ?? '', detail, name)
    for (const { verdict, remedy } of verdicts) assert.equal(remedy !== undefined, verdict !== 'ok', name)
  }
})

test('the list of the repository is read as a whole, and one that cannot be is refused', () => {
  const known = knownHoles()
  assert.ok(holesOf(known, 'baileys', '7.0.0-rc.9').some(({ id }) => id === 'GHSA-qvv5-jq5g-4cgg'))
  assert.ok(holesOf(known, 'caddy', '2.11.0').length > holesOf(known, 'caddy', '2.11.3').length)
  assert.ok(holesOf(known, 'node', '25.3.0').length > 0)
  const broken = ['', 'x', '- {}', '- { id: A, in: perl, what: b, affected: [{ fixed: 1.0.0 }] }']
  for (const text of [...broken, '- { id: A, in: node, what: b, affected: [{ fixed: soon }] }'])
    assert.throws(() => knownHoles(text), { code: 'doctor.holes' })
})

test('this installation is well: what is pinned has no known hole', async t => {
  const verdicts = await examine({ root: ROOT, caddy: program(t, 'v2.11.4 h1:x=') }, '')
  assert.deepEqual(
    verdicts.map(({ check, verdict }) => [check, verdict]),
    [
      ['node', 'ok'],
      ['caddy', 'ok'],
      ['baileys', 'ok'],
    ],
  )
  const [, old] = await examine({ root: ROOT, caddy: program(t, 'v2.11.3 h1:x=') }, '')
  assert.equal(old?.verdict, 'fail')
})

test('the exit code is that of the worst, and the lines say what to do', async () => {
  const line = (verdict: Verdict['verdict']): Verdict => ({
    check: verdict,
    verdict,
    detail: `it is ${verdict}`,
  })
  const tell = (lines: readonly Verdict[], ...args: string[]) =>
    runCommand(deps => doctorCommand({ ...deps, examine: async () => lines }), '/data', args)
  const told = await tell([line('ok'), { ...line('warn'), remedy: 'look' }, line('fail')])
  assert.deepEqual(
    [told.code, told.out],
    [1, 'ok    it is ok\nwarn  it is warn\n      do: look\nfail  it is fail'],
  )
  assert.equal((await tell([line('ok'), line('warn')])).code, 3)
  const well = await tell([line('ok')], '--json')
  assert.deepEqual([well.code, JSON.parse(well.out)], [0, { data: [line('ok')] }])
})

function program(t: TestContext, version: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-doctor-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'caddy')
  writeFileSync(file, `#!/bin/sh\necho '${version}'\n`)
  chmodSync(file, 0o755)
  return file
}
