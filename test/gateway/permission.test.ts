import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Config, loadConfig } from '../../app/config/config.ts'
import { appArguments, appEnvironment } from '../../app/supervise/app-command.ts'
import { simulatorFlags } from '../../app/supervise/sandbox.ts'
import { eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox

before(async () => {
  sandbox = await startSandbox()
})
after(() => sandbox.dispose())

/** Runs inside the app's process, once its port answers: tries what must fail beside what must work. */
const PROBE = `
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
const tried = {}
const attempt = (name, act) => { try { act(); tried[name] = 'allowed' } catch (error) { tried[name] = error.code } }
setTimeout(() => {
  attempt('read /etc/passwd', () => readFileSync('/etc/passwd'))
  attempt('read own policies', () => readFileSync(process.env.POSTERN_POLICIES + '/access.yaml'))
  attempt('read the CA keys', () => readFileSync(process.env.POSTERN_SECRETS + '/../pki/client-ca.key'))
  attempt('spawn', () => execFileSync('/bin/true'))
  attempt('write outside', () => writeFileSync(process.env.POSTERN_SECRETS + '/planted', ''))
  attempt('write in data', () => writeFileSync(process.env.POSTERN_DATA + '/tmp/planted', ''))
  writeFileSync(process.env.POSTERN_DATA + '/probe.json', JSON.stringify(tried))
}, 1_000)
`

/** Says whether the media host's certificate is trusted, under the flags and the environment of the app. */
const TRUST = `
fetch(process.argv[2]).then(
  answer => console.log(answer.status),
  error => console.log(error.cause?.code),
)
`

test('the app trusts the media host of the sandbox, and nothing that is signed by a CA of its own elsewhere', async () => {
  const { media } = (await sandbox.simulator('/stats')) as { media: string }
  const config = configOf(sandbox)
  const file = join(sandbox.dataDir, 'trust.mjs')
  writeFileSync(file, TRUST)
  const args = appArguments(config, simulatorFlags(config))
  const flags = args.slice(0, args.indexOf(join(ROOT, 'app', 'main.ts')))
  const ask = (env: Record<string, string>, url: string) =>
    execFileSync(process.execPath, [...flags, file, url], { env, encoding: 'utf8' }).trim()
  const inSandbox = appEnvironment(config, simulatorFlags(config))
  assert.equal(ask(inSandbox, `${media}/nothing`), '404')
  assert.match(ask(appEnvironment(config), `${media}/nothing`), /SELF_SIGNED|UNABLE_TO/)
  assert.match(ask(inSandbox, sandbox.endpoints().receiver.url), /SELF_SIGNED|UNABLE_TO/)
})

test('the running app can read its policies and write its data, and nothing else', async () => {
  const { code, found } = await probe()
  assert.equal(code, 0)
  assert.deepEqual(found, {
    'read /etc/passwd': 'ERR_ACCESS_DENIED',
    'read own policies': 'allowed',
    'read the CA keys': 'ERR_ACCESS_DENIED',
    spawn: 'ERR_ACCESS_DENIED',
    'write outside': 'ERR_ACCESS_DENIED',
    'write in data': 'allowed',
  })
})

test('the app under these flags sees how full its disk is', async () => {
  const { found } = await probe()
  assert.equal(found['write in data'], 'allowed')
  assert.ok(!sandbox.log().includes('disk.unknown'), sandbox.log().slice(-2_000))
})

test('without the permission flags the same probe may do all of it', async () => {
  const { found } = await probe(args =>
    args.filter(arg => !arg.startsWith('--permission') && !arg.startsWith('--allow')),
  )
  assert.deepEqual(new Set(Object.values(found)), new Set(['allowed']))
})

async function probe(
  change: (args: string[]) => string[] = args => args,
): Promise<{ code: number | null; found: Record<string, string> }> {
  if (sandbox.log() !== '') await sandbox.stop()
  const config = configOf(sandbox)
  const file = join(sandbox.dataDir, 'probe.mjs')
  const result = join(sandbox.dataDir, 'probe.json')
  writeFileSync(file, PROBE)
  const args = change(appArguments(config, simulatorFlags(config)))
  const child = spawn(process.execPath, ['--import', file, ...args], {
    env: appEnvironment(config, simulatorFlags(config)),
    stdio: 'ignore',
  })
  const gone = new Promise<number | null>(resolve => child.once('exit', resolve))
  const found = await eventually('the probe’s result', async () => {
    try {
      return JSON.parse(readFileSync(result, 'utf8')) as Record<string, string>
    } catch {
      return undefined
    }
  })
  child.kill('SIGTERM')
  const code = await gone
  writeFileSync(result, '')
  return { code, found }
}

function configOf({ base, dataDir }: Sandbox): Config {
  const env = { POSTERN_PORT_BASE: String(base) }
  const loaded = loadConfig({ env, root: ROOT, flags: { sandbox: true, data: dataDir } })
  if (loaded.kind !== 'loaded') throw new Error('the sandbox has no valid configuration')
  return loaded.config
}
