import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A Docker engine to test with: the machine's own when one runs, else one of our own for the time of the test. */
export type Engine = {
  /** Runs the docker client; throws with its standard error when it fails. */
  docker(args: readonly string[]): string
  /** Runs docker compose in the same way. */
  compose(args: readonly string[]): string
  /** Ends our own engine and takes back what it changed on the machine. */
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')
const RUNTIME = join(ROOT, '.runtime')
const UP_WITHIN_MS = 60_000
const LONGEST_COMMAND_MS = 8 * 60_000
const FORWARDING = '/proc/sys/net/ipv4/ip_forward'

/** Undefined when there is no engine and none can be started. */
export async function startEngine(): Promise<Engine | undefined> {
  if (answers({})) return engineAt({}, async () => {})
  if (process.getuid?.() !== 0 || spawnSync('dockerd', ['--version']).status !== 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'postern-engine-'))
  const environment = { DOCKER_HOST: `unix://${folder}/docker.sock` }
  const restore = rememberNetwork()
  const engine = spawnEngine(folder)
  const stop = async () => {
    await end(engine)
    restore()
    unmountBelow(folder)
    rmSync(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + UP_WITHIN_MS
  while (!answers(environment)) {
    if (engine.exitCode === null && Date.now() < deadline) {
      await sleep(200)
      continue
    }
    const log = readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(-15).join('\n')
    await stop()
    throw new Error(`dockerd did not come up:\n${log}`)
  }
  return engineAt(environment, stop)
}

/** Images stay in .runtime/ for the next run; everything else of the engine is in a temporary folder. */
function spawnEngine(folder: string): ChildProcess {
  const data = join(RUNTIME, 'docker')
  mkdirSync(data, { recursive: true })
  const log = openSync(join(folder, 'log'), 'w')
  const places = ['--data-root', data, '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')]
  // No default bridge: builds use the machine's network, compose makes networks of its own.
  const args = [...places, '--bridge', 'none', '-H', `unix://${folder}/docker.sock`]
  return spawn('dockerd', args, { stdio: ['ignore', log, log] })
}

async function end(engine: ChildProcess): Promise<void> {
  if (engine.exitCode !== null) return
  const gone = new Promise(resolve => engine.once('exit', resolve))
  engine.kill('SIGTERM')
  const killer = setTimeout(() => engine.kill('SIGKILL'), 30_000)
  await gone
  clearTimeout(killer)
}

/** An engine leaves the network namespace of containers without one mounted. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter(path => path.startsWith(`${folder}/`))) spawnSync('umount', ['-l', mount])
}

/** An engine switches forwarding on and rewrites the packet filter; the function returned undoes both. */
function rememberNetwork(): () => void {
  const forwarding = existsSync(FORWARDING) ? readFileSync(FORWARDING, 'utf8') : undefined
  const saved = ['iptables', 'ip6tables'].map(name => {
    const { status, stdout } = spawnSync(`${name}-save`, { encoding: 'utf8' })
    return { name, rules: status === 0 ? withEmptyTables(stdout) : undefined }
  })
  return () => {
    for (const { name, rules } of saved) {
      if (rules !== undefined) spawnSync(`${name}-restore`, { input: rules })
    }
    if (forwarding !== undefined) writeFileSync(FORWARDING, forwarding)
  }
}

/** A table that has no rules yet is not saved, and what is not restored is not emptied. */
function withEmptyTables(rules: string): string {
  const empty = {
    filter: '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
    nat: '*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n',
  }
  const missing = Object.entries(empty).filter(([table]) => !rules.includes(`*${table}\n`))
  return `${rules}${missing.map(([, text]) => text).join('')}`
}

type Environment = Readonly<Record<string, string>>

function engineAt(extra: Environment, stop: () => Promise<void>): Engine {
  const env = { ...process.env, ...extra, DOCKER_BUILDKIT: '0' }
  let composeCommand: readonly [string, ...string[]] | undefined
  return {
    docker: args => run('docker', args, env),
    compose(args) {
      composeCommand ??= findCompose(env)
      const [command, ...first] = composeCommand
      return run(command, [...first, ...args], env)
    },
    stop,
  }
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const options = {
    env,
    encoding: 'utf8',
    timeout: LONGEST_COMMAND_MS,
    maxBuffer: 64 * 1_024 * 1_024,
  } as const
  const { status, stdout, stderr, error } = spawnSync(command, [...args], options)
  if (status === 0) return stdout
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n')
  throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? status}):\n${said}`)
}

/** The client's plugin, the command of its own, or Debian's package of it unpacked into .runtime/. */
function findCompose(env: NodeJS.ProcessEnv): [string, ...string[]] {
  if (spawnSync('docker', ['compose', 'version'], { env }).status === 0) return ['docker', 'compose']
  const unpacked = join(RUNTIME, 'compose/usr/libexec/docker/cli-plugins/docker-compose')
  if (!existsSync(unpacked)) {
    const script = join(ROOT, 'scripts/debian-package.sh')
    execFileSync('sh', [script, 'forky', 'docker-compose', join(RUNTIME, 'compose')], { stdio: 'pipe' })
  }
  return [unpacked]
}

function answers(extra: Environment): boolean {
  const options = { env: { ...process.env, ...extra }, timeout: 10_000 }
  const { status, stdout } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], options)
  return status === 0 && String(stdout).trim() !== ''
}
