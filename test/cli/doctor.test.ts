import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { doctorCommand } from '../../app/cli/doctor.ts'
import { compareVersions } from '../../app/lib/version.ts'
import { examineVersions } from '../../app/supervise/doctor/doctor.ts'
import { holesOf, knownHoles } from '../../app/supervise/doctor/holes.ts'
import type { Verdict } from '../../app/supervise/doctor/verdict.ts'
import { judgeVersions, type Versions } from '../../app/supervise/doctor/versions.ts'
import { MINIMUM_CADDY } from '../../app/supervise/find-caddy.ts'
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
- { id: HOLE-1, in: caddy, what: it lets in, affected: [{ fixed: 2.11.6 }], source: "https://a.example/1" }
- { id: HOLE-2, in: node, what: it ends, affected: [{ fixed: 24.16.0 }, { from: 25.0.0, fixed: 25.8.2 }], source: "https://a.example/2" }
- { id: HOLE-3, in: baileys, what: it believes, affected: [{ from: 7.0.0-rc.1, fixed: 7.0.0-rc12 }], source: "https://a.example/3" }
- { id: HOLE-4, in: node, what: it might, affected: [{ from: 26.0.0, fixed: 26.9.0 }], source: "https://a.example/4", verdict: warn }
- { id: HOLE-5, in: ws, what: it fills up, affected: [{ from: 8.0.0, fixed: 8.21.1 }], source: "https://a.example/5" }
`)

const PACKAGES = { baileys: '7.0.0-rc14', undici: '8.12.4', ws: '8.21.1' }
const WELL: Versions = {
  node: '26.10.0',
  caddy: { kind: 'found', path: '/usr/bin/caddy', version: '2.11.6' },
  packages: PACKAGES,
  pinned: { node: '24.15', caddy: '2.11.4', ...PACKAGES },
}
const caddy = (version: string): Versions['caddy'] => ({ kind: 'found', path: '/usr/bin/caddy', version })
const none = (version?: string): Versions['caddy'] => ({
  kind: 'none',
  tried: version === undefined ? [] : [{ path: '/usr/bin/caddy', verdict: `is ${version}`, version }],
})
const having = (packages: Partial<Versions['packages']>): Partial<Versions> => ({
  packages: { ...PACKAGES, ...packages },
})

/** What is told of which part, beside what was changed; all others are well. */
const CASES: readonly [name: string, change: Partial<Versions>, want: string, detail: RegExp][] = [
  ['a Node that is too old', { node: '24.14.9' }, 'node fail', /older than 24\.15; HOLE-2 \(it ends; https:/],
  ['a Node that is new enough, with a hole', { node: '25.8.1' }, 'node fail', /^Node 25\.8\.1: HOLE-2/],
  ['a Node with a hole that asks for more', { node: '26.8.2' }, 'node warn', /^Node 26\.8\.2: HOLE-4/],
  ['a Caddy with a hole', { caddy: caddy('2.11.5') }, 'caddy fail', /^Caddy 2\.11\.5: HOLE-1 \(it lets in;/],
  ['a Caddy that is too old', { caddy: none('2.6.2') }, 'caddy fail', /^Caddy 2\.6\.2: older than 2\.11\.4;/],
  ['no Caddy', { caddy: none() }, 'caddy warn', /^no Caddy found$/],
  ['no Baileys', having({ baileys: undefined }), 'baileys fail', /^Baileys is not installed$/],
  [
    'a Baileys with a hole',
    having({ baileys: '7.0.0-rc.9' }),
    'baileys fail',
    /older than 7\.0\.0-rc14; HOLE-3/,
  ],
  [
    'an old Baileys',
    having({ baileys: '6.7.23' }),
    'baileys fail',
    /^Baileys 6\.7\.23: older than 7\.0\.0-rc14$/,
  ],
  ['a Baileys that was not tested', having({ baileys: '7.0.0' }), 'baileys warn', /newer than 7\.0\.0-rc14/],
  ['a ws with a hole', having({ ws: '8.21.0' }), 'ws fail', /older than 8\.21\.1; HOLE-5/],
  ['no undici', having({ undici: undefined }), 'undici fail', /^undici is not installed$/],
]

test('what is too old, has a hole or was not tested is told, with a remedy, and nothing else is', () => {
  for (const [name, change, want, detail] of CASES) {
    const verdicts = judgeVersions({ ...WELL, ...change }, HOLES)
    const found = verdicts.filter(({ verdict }) => verdict !== 'ok')
    assert.deepEqual(
      found.map(({ check, verdict }) => `${check} ${verdict}`),
      [want],
      name,
    )
    assert.match(found[0]?.detail ?? '', detail, name)
    for (const { verdict, remedy } of verdicts) assert.equal(remedy !== undefined, verdict !== 'ok', name)
  }
  for (const node of ['25.8.2', '24.16.0', '26.9.0']) {
    const [well] = judgeVersions({ ...WELL, node }, HOLES)
    assert.deepEqual(well, { check: 'node', verdict: 'ok', detail: `Node ${node}` })
  }
})

test('the list of the repository is read as a whole, and one that cannot be is refused', () => {
  const known = knownHoles()
  assert.ok(holesOf(known, 'baileys', '7.0.0-rc.9').some(({ id }) => id === 'CVE-2026-48063'))
  assert.ok(holesOf(known, 'caddy', '2.11.0').length > holesOf(known, 'caddy', '2.11.3').length)
  const placeholder = holesOf(known, 'caddy', '2.11.3').filter(({ id }) => id === 'CVE-2026-77281')
  assert.deepEqual([placeholder.length, holesOf(known, 'caddy', '2.11.4')], [1, []])
  assert.ok(holesOf(known, 'node', '25.3.0').length > 0)
  assert.equal(new Set(known.map(({ id }) => id)).size, known.length)
  const hole = '- { id: A, in: node, what: b, affected: [{ fixed: 1.0.0 }], source: "https://a.example/1" }'
  assert.equal(knownHoles(hole).length, 1)
  const broken = ['', 'x', '- {}', hole.replace('node', 'perl'), hole.replace('1.0.0', 'soon')]
  for (const text of [...broken, hole.replace('https', 'http'), hole.replace('b,', 'b, verdict: fine,')])
    assert.throws(() => knownHoles(text), { code: 'doctor.holes' }, text)
})

test('this installation is well: what is pinned, and the image, has no hole that counts', async t => {
  const verdicts = await examineVersions({ root: ROOT, caddy: program(t, 'v2.11.4 h1:x=') }, '')
  assert.deepEqual(
    verdicts.filter(({ check }) => check !== 'node').map(({ check, verdict }) => `${check} ${verdict}`),
    ['caddy ok', 'baileys ok', 'undici ok', 'ws ok'],
  )
  assert.equal(verdicts[0]?.detail.startsWith(`Node ${process.versions.node}`), true)
  const [, old] = await examineVersions({ root: ROOT, caddy: program(t, 'v2.11.3 h1:x=') }, '')
  assert.equal(old?.verdict, 'fail')
  const image = /^ARG NODE_IMAGE=node:([\d.]+)-/m.exec(readFileSync(join(ROOT, 'app/Dockerfile'), 'utf8'))
  const counting = holesOf(knownHoles(), 'node', image?.[1] ?? '').filter(({ verdict }) => verdict !== 'warn')
  assert.deepEqual(counting, [])
})

test('the launcher takes no older Node and Caddy than the doctor', () => {
  const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
  const taken = (name: string) => new RegExp(`^${name}=(\\S+)$`, 'm').exec(read('postern'))?.[1]
  assert.equal(`>=${taken('MIN_NODE')}`, JSON.parse(read('package.json')).engines.node)
  assert.equal(taken('MIN_CADDY'), MINIMUM_CADDY)
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
