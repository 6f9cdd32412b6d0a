import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { baseSystem, CACHE } from '../../scripts/images/base-system.ts'
import { copyMachineSettings, installNode, networkEnvironment, onPath } from '../../scripts/images/machine.ts'

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
/** With a space, because people have such folders. */
const CLONE = '/srv/my postern'

/** Builds the root: the first time from the Debian archive (a minute), then from a cached copy. */
export function makeCleanRoot(): CleanRoot {
  const base = baseSystem()
  const root = mkdtempSync(join(CACHE, 'root-'))
  execFileSync('tar', ['-xf', base, '-C', root])
  installNode(root, machineNode())
  copyMachineSettings(root)
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', REPOSITORY, join(root, CLONE)], {
    stdio: 'pipe',
  })
  return {
    run: (command, options) => runInside(root, command, options),
    has: path => existsSync(join(root, CLONE, path)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A Node of the machine that is too old to run Postern itself: the launcher must get a newer one. */
function machineNode(): string {
  const old = onPath('node').find(file => {
    const major = Number(/^v(\d+)/.exec(execFileSync(file, ['--version'], { encoding: 'utf8' }))?.[1])
    return major >= 20 && major < 24
  })
  if (old === undefined)
    throw new Error('this machine has no Node of version 20 to 23 to put into the clean root')
  return old
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
  const env = {
    ...networkEnvironment(),
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
