import { type ChildProcessByStdio, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'

/**
 * A copy of the launcher in a folder with a space in its name, and a PATH that holds what a test puts there and the
 * system's plain tools. Programs from outside (node, npm, caddy, apt-get) are shell scripts that say what they were asked.
 */
export type BareMachine = {
  readonly folder: string
  readonly launcher: string
  /** Writes a program of that name; in `bin/` unless it names another place. */
  program(name: string, script: string): void
  start(args: readonly string[], options?: StartOptions): Promise<Ended>
  read(path: string): string
  write(path: string, text: string): void
  has(path: string): boolean
  remove(): void
}

export type StartOptions = {
  readonly cwd?: string
  readonly launcher?: string
  readonly env?: Readonly<Record<string, string>>
}
export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string }

const ROOT = join(import.meta.dirname, '../..')
/** A Node that is new enough: as app/cli.ts it prints its arguments and what the launcher set. */
const NEW_NODE = `[ "$1" = --version ] && { echo v26.1.0; exit; }
echo "ran $0"
shift
for word in "$@"; do echo "argument $word"; done
env | grep -E '^(POSTERN_|LD_LIBRARY_PATH|.*_proxy|.*_PROXY)' | sort
pwd`
/** npm as far as the launcher uses it: makes what was asked for, or fails when OFFLINE is set. */
const NPM = `echo "npm $*" >>"$CALLS"
[ -z "$https_proxy" ] || echo "npm through $https_proxy" >>"$CALLS"
[ -z "$OFFLINE" ] || { echo "npm error code ENOTFOUND" >&2; exit 1; }
sleep "\${SLOW:-0}"
case " $* " in *' ci '*) mkdir -p node_modules/express ;; esac
prefix='' previous=''
for word in "$@"; do
  [ "$previous" = --prefix ] && prefix=$word
  case $word in
    node-linux-*)
      into=$prefix/node_modules/\${word%@*}/bin
      mkdir -p "$into"
      cp "$NEW_NODE" "$into/node" ;;
  esac
  previous=$word
done`

export const OLD_NODE = 'echo v20.11.0'

/** A machine with an old Node, npm and no Caddy; the packages are not installed yet. */
export function makeBareMachine(): BareMachine {
  const folder = mkdtempSync(join(tmpdir(), 'postern launcher-'))
  const home = join(folder, 'my postern')
  const machine: BareMachine = {
    folder,
    launcher: join(home, 'postern'),
    program,
    start,
    read,
    write,
    has,
    remove,
  }
  for (const file of ['postern', 'scripts/debian-package.sh']) {
    mkdirSync(dirname(join(home, file)), { recursive: true })
    copyFileSync(join(ROOT, file), join(home, file))
  }
  for (const file of ['package.json', 'package-lock.json', 'app/cli.ts']) write(file, '{}\n')
  program('node', OLD_NODE)
  program('../new-node', NEW_NODE)
  program('npm', NPM)
  program('apt-get', 'echo "E: no network" >&2; exit 100')
  return machine

  function program(name: string, script: string): void {
    const file = join(folder, 'bin', name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }

  function start(
    args: readonly string[],
    { cwd = folder, launcher = machine.launcher, env }: StartOptions = {},
  ): Promise<Ended> {
    const fixed = {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      CALLS: join(folder, 'calls'),
      NEW_NODE: join(folder, 'new-node'),
    }
    return ending(
      spawn(launcher, [...args], { cwd, env: { ...fixed, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }),
    )
  }

  function read(path: string): string {
    const file = path === 'calls' ? join(folder, path) : join(home, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), text)
  }

  function has(path: string): boolean {
    return existsSync(join(home, path))
  }

  function remove(): void {
    rmSync(folder, { recursive: true, force: true })
  }
}

function ending(child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', text => (said.stderr += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ code: code ?? -1, ...said }))
  })
}
