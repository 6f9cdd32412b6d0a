import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../app/config/config.ts'
import { FRUGAL, FRUGAL_MALLOC } from '../../app/supervise/app-command.ts'
import { caddyCommand } from '../../app/supervise/edge.ts'

const ROOT = dirname(dirname(import.meta.dirname))
const UNITS = ['postern-app', 'postern-edge'] as const
/** Tenths of the ten that systemd counts to. */
const EXPOSURE_AT_MOST = 20

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-units-'))
})
after(() => rmSync(folder, { recursive: true }))

/** The unit as it would be if the repository were installed here, so that the programs that it names are there. */
function unit(name: string, change: (text: string) => string = text => text): string {
  const text = readFileSync(join(ROOT, 'scripts/systemd', `${name}.service`), 'utf8')
    .replaceAll('/opt/postern/.runtime/node/bin/node', process.execPath)
    .replaceAll('/opt/postern', ROOT)
  const file = join(folder, `${name}.service`)
  writeFileSync(file, change(text))
  return file
}

function analyze(...args: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 60_000 })
  return { code: status, said: `${stdout}${stderr}` }
}

const exposure = (file: string) =>
  analyze('security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_AT_MOST}`, file)

const valuesOf = (name: string, setting: string) =>
  [...readFileSync(unit(name), 'utf8').matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(
    ([, value = '']) => value,
  )

for (const name of UNITS) {
  test(`${name} is a unit that systemd finds nothing wrong with`, () => {
    assert.deepEqual(analyze('verify', unit(name)), { code: 0, said: '' })
    const misspelt = unit(name, text => text.replace('ProtectSystem=', 'ProtectSytem='))
    assert.match(analyze('verify', misspelt).said, /ProtectSytem/)
  })

  test(`${name} is exposed by no more than 2.0 of 10, as systemd counts`, () => {
    const { code, said } = exposure(unit(name))
    assert.equal(code, 0, said)
    const open = unit(name, text => text.replaceAll(/^(Protect|Private|Restrict|SystemCallFilter).*$/gm, ''))
    assert.notEqual(exposure(open).code, 0)
  })
}

test('the units are given the secrets that the containers are given, and the edge not the master key', () => {
  const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: { caddy: { secrets: string[] } }
  }
  const given = (name: string) => valuesOf(name, 'LoadCredential').map(value => value.split(':')[0])
  assert.deepEqual(given('postern-edge').sort(), compose.services.caddy.secrets.sort())
  assert.ok(given('postern-app').includes('master.key'))
  assert.ok(!given('postern-app').includes('proxy.key'))
})

test('the app runs under the same permissions as in its container', () => {
  const flags = (text: string) =>
    [...new Set(text.match(/--(permission|allow-[a-z-]+|listen|edge)(?=[=\s",])/g))].sort()
  const image = readFileSync(join(ROOT, 'app/Dockerfile'), 'utf8')
  const service = readFileSync(unit('postern-app'), 'utf8')
  assert.ok(flags(image).length > 5)
  assert.deepEqual(flags(service), flags(image))
})

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test('the app runs under the same flags of V8 by ./postern up, in its unit and in its container', () => {
  const written = (file: string, before: RegExp) => {
    const [, words = ''] = new RegExp(`${before.source}([^\\]]*?)"?--permission`).exec(textOf(file)) ?? []
    return words.match(/--[^\s",]+/g)
  }
  assert.deepEqual(written('app/Dockerfile', /ENTRYPOINT \["node"/), FRUGAL)
  assert.deepEqual(written('scripts/systemd/postern-app.service', /bin\/node /), FRUGAL)
  for (const file of ['app/Dockerfile', 'scripts/systemd/postern-app.service'])
    for (const [name, value] of Object.entries(FRUGAL_MALLOC))
      assert.match(textOf(file), new RegExp(`\\s${name}=${value}\\s`), `${name} in ${file}`)
})

test('Caddy runs under the same settings of Go by ./postern up, in its unit and in its container', () => {
  const loaded = loadConfig({ env: { POSTERN_DATA: join(folder, 'data') }, root: ROOT, flags: {} })
  if (loaded.kind === 'faulty') throw new Error(loaded.faults.join('\n'))
  const { env } = caddyCommand({ config: loaded.config, caddy: 'caddy' })
  for (const name of ['GODEBUG', 'GOMEMLIMIT']) {
    for (const file of ['proxy/Dockerfile', 'scripts/systemd/postern-edge.service']) {
      const [, value] = new RegExp(` ${name}=(\\S+)`).exec(textOf(file)) ?? []
      assert.equal(value, env[name], `${name} in ${file}`)
    }
  }
})
