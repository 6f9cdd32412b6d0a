import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** A Debian 12 with nothing but Node 20, npm and a clone of this repository, in a folder of its own. */
export type CleanRoot = {
  /** Runs a command in the clone, in namespaces that take every process and mount with them when it ends. */
  run(command: readonly string[], options: RunOptions): Promise<RunResult>
  /** Whether a path of the clone exists. */
  has(path: string): boolean
  remove(): void
}

export type RunOptions = {
  readonly timeoutMs: number
  readonly offline?: boolean
  readonly env?: Record<string, string>
}
export type RunResult = {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

const REPOSITORY = realpathSync(join(import.meta.dirname, '../..'))
const CACHE = join(REPOSITORY, '.runtime/cache')
const SUITE = 'bookworm'
/** With a space, because people have such folders. */
const CLONE = '/srv/my postern'
/** What a machine may need to reach its package mirrors; everything else of the environment stays outside. */
const NETWORK_NAMES =
  /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|npm_config_(registry|cafile))$/i

/** Builds the root: the first time from the Debian archive (a minute), then from a cached copy. */
export function makeCleanRoot(): CleanRoot {
  const root = mkdtempSync(join(mkdirs(CACHE), 'root-'))
  execFileSync('tar', ['-xf', baseSystem(), '-C', root])
  addNode(root)
  addMachineSettings(root)
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', REPOSITORY, join(root, CLONE)], {
    stdio: 'pipe',
  })
  return {
    run: (command, options) => runInside(root, command, options),
    has: path => existsSync(join(root, CLONE, path)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** The path of the base system's tar file, made by debootstrap when it is not there yet. */
function baseSystem(): string {
  const file = join(CACHE, `${SUITE}-minbase.tar`)
  if (existsSync(file)) return file
  const work = mkdtempSync(join(mkdirs(CACHE), 'debootstrap-'))
  try {
    execFileSync('debootstrap', ['--variant=minbase', SUITE, join(work, 'root'), archive()], {
      stdio: 'pipe',
    })
    execFileSync('tar', ['-cf', `${work}/base.tar`, '-C', join(work, 'root'), '.'])
    renameSync(`${work}/base.tar`, file)
    return file
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The archive that this machine itself is installed from. */
function archive(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue
    const found = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s*(\S+)/m.exec(readFileSync(file, 'utf8'))
    if (found?.[1] !== undefined) return found[1]
  }
  throw new Error('no Debian archive is named in /etc/apt')
}

/** Node 20 and npm, as a distribution would have installed them. */
function addNode(root: string): void {
  const bin = mkdirs(join(root, 'usr/bin'))
  cpSync(machineNode(), join(bin, 'node'), { dereference: true })
  const npm = dirname(dirname(realpathSync(whichEach('npm')[0] ?? fail('this machine has no npm'))))
  cpSync(npm, join(root, 'usr/lib/node_modules/npm'), { recursive: true })
  execFileSync('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm')])
}

/** A Node of the machine that is too old to run Postern itself: the launcher must get a newer one. */
function machineNode(): string {
  const old = whichEach('node').find(file => {
    const major = Number(/^v(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' }))?.[1])
    return major >= 20 && major < 24
  })
  return old ?? fail('this machine has no Node of version 20 to 23 to put into the clean root')
}

function whichEach(name: string): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/bin', '/usr/bin']
  return folders.map(folder => join(folder, name)).filter(file => existsSync(file))
}

/** How this machine reaches its mirrors: apt's and npm's settings, resolver and certificates. No packages. */
function addMachineSettings(root: string): void {
  const home = process.env.HOME ?? '/root'
  const files = [
    '/etc/resolv.conf',
    '/etc/hosts',
    '/etc/apt/apt.conf',
    '/usr/etc/npmrc',
    '/etc/npmrc',
    join(home, '.npmrc'),
  ]
  const listed = execFileSync('sh', ['-c', 'grep -lsE "Acquire::" /etc/apt/apt.conf.d/* || true'], {
    encoding: 'utf8',
  })
  for (const file of [
    ...files,
    ...listed.split('\n').filter(name => !name.includes('appstream')),
    ...certificates(files),
  ]) {
    if (file === '' || !existsSync(file)) continue
    const target = join(root, file.startsWith(home) ? file.replace(home, '/root') : file)
    mkdirs(dirname(target))
    cpSync(file, target, { dereference: true })
  }
}

/** The certificate files that npm's settings or the environment name. */
function certificates(settings: readonly string[]): string[] {
  const named = settings
    .filter(file => file.endsWith('npmrc') && existsSync(file))
    .map(file => /^cafile\s*=\s*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim() ?? '')
  return [...named, process.env.NODE_EXTRA_CA_CERTS ?? '', process.env.SSL_CERT_FILE ?? '']
}

function runInside(root: string, command: readonly string[], options: RunOptions): Promise<RunResult> {
  const startedAt = Date.now()
  const offline = options.offline === true
  const script = [
    'mount -t proc proc "$ROOT/proc"',
    'mount --rbind /dev "$ROOT/dev"',
    offline ? 'ip link set lo up' : ':',
    `exec chroot "$ROOT" env -i "$@"`,
  ].join(' && ')
  const passed = Object.entries(process.env).filter(([name]) => NETWORK_NAMES.test(name))
  const env = {
    ...Object.fromEntries(passed),
    HOME: '/root',
    PATH: '/usr/bin:/bin',
    LANG: 'C.UTF-8',
    ...options.env,
  }
  const inside = [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    'sh',
    '-c',
    `cd "${CLONE}" && exec "$@"`,
    'sh',
  ]
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child=KILL', ...(offline ? ['--net'] : [])]
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...inside, ...command], {
    env: { PATH: process.env.PATH, ROOT: root },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    const said = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', text => (said.stdout += text))
    child.stderr.setEncoding('utf8').on('data', text => (said.stderr += text))
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? -1, ...said, ms: Date.now() - startedAt }))
  })
}

function mkdirs(folder: string): string {
  mkdirSync(folder, { recursive: true })
  return folder
}

function fail(reason: string): never {
  throw new Error(reason)
}
