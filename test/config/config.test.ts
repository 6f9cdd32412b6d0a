import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Config, type ConfigInput, loadConfig, readEnvironment } from '../../app/config/config.ts'

const ROOT = '/opt/postern'

function load(env: ConfigInput['env'], flags: ConfigInput['flags'] = {}): Config {
  const loaded = loadConfig({ env, root: ROOT, flags })
  if (loaded.kind === 'loaded') return loaded.config
  throw new Error(loaded.faults.join('\n'))
}

function faultsOf(env: ConfigInput['env']): readonly string[] {
  const loaded = loadConfig({ env, root: ROOT, flags: {} })
  return loaded.kind === 'faulty' ? loaded.faults : []
}

test('has a default for everything', () => {
  const config = load({ PATH: '/usr/bin', HOME: '/root' })
  assert.deepEqual(config, {
    root: ROOT,
    dataDir: '/opt/postern/data',
    policiesDir: '/opt/postern/policies',
    secretsDir: '/opt/postern/secrets',
    pkiDir: '/opt/postern/pki',
    masterKeyFile: '/opt/postern/secrets/master.key',
    logLevel: 'info',
    ports: {
      api: 9443,
      keys: 6443,
      dashboard: 8443,
      hooks: 7443,
      app: 7080,
      metrics: 7081,
      simulator: 7070,
      simulatorAdmin: 7071,
      receiver: 7072,
      receiverAdmin: 7073,
    },
    sandbox: false,
  })
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.ports))
})

test('takes what the environment says', () => {
  const config = load({
    POSTERN_DATA: '/var/lib/postern/data',
    POSTERN_POLICIES: '/etc/postern/policies',
    POSTERN_SECRETS: '/run/secrets',
    POSTERN_MASTER_KEY_FILE: '/mnt/key/master.key',
    POSTERN_LOG_LEVEL: 'debug',
    POSTERN_CADDY: '/usr/bin/caddy',
    POSTERN_SMTP_URL_FILE: '/run/secrets/smtp',
  })
  assert.equal(config.dataDir, '/var/lib/postern/data')
  assert.equal(config.policiesDir, '/etc/postern/policies')
  assert.equal(config.secretsDir, '/run/secrets')
  assert.equal(config.masterKeyFile, '/mnt/key/master.key')
  assert.equal(config.logLevel, 'debug')
  assert.equal(config.caddy, '/usr/bin/caddy')
})

test('puts the secrets beside the data folder, and the certificates beside the secrets', () => {
  const config = load({}, { data: '/tmp/try/data' })
  assert.equal(config.secretsDir, '/tmp/try/secrets')
  assert.equal(config.pkiDir, '/tmp/try/pki')
})

test('lets a flag win over the environment, and takes a relative one from where the caller stands', () => {
  const env = { POSTERN_DATA: '/from/env', POSTERN_POLICIES: '/from/env' }
  assert.equal(load(env, { data: '/from/flag' }).dataDir, '/from/flag')
  assert.equal(load(env, { policies: 'mine' }).policiesDir, join(process.cwd(), 'mine'))
})

test('has policies of its own in the sandbox, unless others are named', () => {
  assert.equal(load({}, { sandbox: true }).policiesDir, '/opt/postern/test/sandbox/policies')
  assert.equal(load({ POSTERN_POLICIES: '/mine' }, { sandbox: true }).policiesDir, '/mine')
})

test('moves every port with the base', () => {
  const { portBase, ports } = load({ POSTERN_PORT_BASE: '22000' })
  assert.equal(portBase, 22_000)
  assert.deepEqual(ports, {
    api: 22_043,
    keys: 22_040,
    dashboard: 22_042,
    hooks: 22_041,
    app: 22_080,
    metrics: 22_081,
    simulator: 22_070,
    simulatorAdmin: 22_071,
    receiver: 22_072,
    receiverAdmin: 22_073,
  })
})

for (const base of ['1024', '65454']) {
  test(`accepts ${base} as a port base`, () => assert.deepEqual(faultsOf({ POSTERN_PORT_BASE: base }), []))
}

for (const base of ['1023', '65455', 'abc', '-1', '22000.5', '0x5000', ' 22000', '1e4']) {
  test(`refuses ${JSON.stringify(base)} as a port base`, () => {
    const want = `POSTERN_PORT_BASE: expected a number from 1024 to 65454, got "${base}"`
    assert.deepEqual(faultsOf({ POSTERN_PORT_BASE: base }), [want])
  })
}

test('tells all faults at once, each with what was most likely meant', () => {
  const faults = faultsOf({
    POSTERN_DATE: '/data',
    POSTERN_COLOUR: 'blue',
    POSTERN_LOG_LEVEL: 'wran',
    POSTERN_PORT_BASE: '80',
    POSTERN_SECRETS: '',
  })
  assert.equal(faults.length, 5)
  assert.match(faults[0] ?? '', /^POSTERN_COLOUR: unknown name; the names are POSTERN_DATA, /)
  assert.deepEqual(faults.slice(1), [
    'POSTERN_DATE: unknown name; did you mean POSTERN_DATA?',
    'POSTERN_SECRETS: expected a value, got nothing; unset it to have the default',
    'POSTERN_PORT_BASE: expected a number from 1024 to 65454, got "80"',
    'POSTERN_LOG_LEVEL: expected one of error, warn, info, debug, got "wran"; did you mean warn?',
  ])
})

test('does not pretend to use PostgreSQL', () => {
  assert.match(
    faultsOf({ POSTERN_DATABASE_URL_FILE: '/run/secrets/pg' })[0] ?? '',
    /not supported by this version/,
  )
})

test('reads the environment of the process', () => {
  assert.equal(readEnvironment().PATH, process.env.PATH)
})

test('refuses a folder whose name goes on where that of the policies ends: the app could not list them', () => {
  const POSTERN_POLICIES = '/etc/postern/policies'
  assert.match(
    faultsOf({ POSTERN_POLICIES, POSTERN_SECRETS: '/etc/postern/policies-secrets' }).join(),
    /^\/etc\/postern\/policies-secrets: its name begins with that of .*; rename one of them/,
  )
  assert.deepEqual(faultsOf({ POSTERN_POLICIES, POSTERN_SECRETS: '/etc/postern/policies/secrets' }), [])
  assert.deepEqual(faultsOf({ POSTERN_POLICIES, POSTERN_SECRETS: '/etc/postern/secrets' }), [])
})
