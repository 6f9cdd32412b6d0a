import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a service unit asks of systemd, done with `unshare`, `mount` and `setpriv` as far as they can: for machines where no
 * systemd runs. Not done: the filter of system calls, address families and bound ports, a user namespace, limits on files,
 * memory and tasks, and whatever else only systemd or its cgroups do.
 */
export type Confinement = {
  /** The unit's text, with the paths of this machine. */
  readonly unit: string
  /** What `%S` and `%d` stand for. */
  readonly state: string
  readonly credentials: string
  readonly uid: number
  /** A process whose network is the unit's as well. */
  readonly network: number
  readonly output: number
}

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom']

/** Starts the unit's command as root, which gives everything up on the way. */
export function startConfined(confinement: Confinement): ChildProcess {
  const { network, output } = confinement
  const apart = [
    '--mount',
    '--pid',
    '--ipc',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--propagation',
    'private',
  ]
  const args = [`--net=/proc/${network}/ns/net`, 'unshare', ...apart, 'sh', '-euc', scriptFor(confinement)]
  return spawn('nsenter', args, { stdio: ['ignore', output, output] })
}

/** The process that the unit's command has become; undefined until it has. */
export function mainProcess(starter: number): number | undefined {
  const children = readdirSync('/proc').filter(name => /^\d+$/.test(name) && parentOf(name) === starter)
  return children.map(Number)[0]
}

function parentOf(pid: string): number | undefined {
  const file = `/proc/${pid}/stat`
  if (!existsSync(file)) return undefined
  try {
    return Number(readFileSync(file, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return undefined // it ended meanwhile
  }
}

function scriptFor({ unit, state, credentials, uid }: Confinement): string {
  const say = (text: string) => text.replaceAll('%S', state).replaceAll('%d', credentials)
  const of = (setting: string) => settings(unit, setting).map(say)
  const folders = of('StateDirectory')
    .flatMap(words)
    .map(name => join(state, name))
  const bound = of('BindPaths').flatMap(words)
  const hidden = of('InaccessiblePaths').map(path => path.replace(/^-/, ''))
  const writable = bound.length > 0 ? bound : folders // what is bound lies in a folder that is laid over
  return [
    `mount -t tmpfs -o mode=0500,uid=${uid},gid=${uid} tmpfs ${credentials}`,
    ...of('LoadCredential').map(entry => {
      const [name = '', from = ''] = entry.split(':')
      return `install -m 0400 -o ${uid} -g ${uid} ${from} ${credentials}/${name}`
    }),
    `install -d -m ${of('StateDirectoryMode')[0]} -o ${uid} -g ${uid} ${folders.join(' ')}`,
    'mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp',
    ...devices(),
    ...of('TemporaryFileSystem').flatMap(entry => overlaid(entry.split(':')[0] ?? '', bound)),
    ...writable.map(path => `mount --rbind ${path} ${path}`),
    ...hidden.map(path => `[ ! -d ${path} ] || mount -t tmpfs -o ro,mode=0000 tmpfs ${path}`),
    ...readOnlyBut(writable),
    `umask ${of('UMask')[0]}`,
    `cd ${of('WorkingDirectory')[0]}`,
    `exec setpriv --reuid ${uid} --regid ${uid} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \\`,
    `  env -i ${of('Environment').join(' ')} ${of('ExecStart')[0]}`,
  ].join('\n')
}

/** PrivateDevices: what every program may have, and nothing that is a machine's. */
function devices(): readonly string[] {
  return [
    'mkdir /tmp/dev && mount -t tmpfs -o mode=0755 tmpfs /tmp/dev',
    `for name in ${DEVICES.join(' ')}; do touch /tmp/dev/$name; mount --bind /dev/$name /tmp/dev/$name; done`,
    'mount --rbind /tmp/dev /dev && umount -R /tmp/dev && rmdir /tmp/dev',
  ]
}

/** An empty folder over one that was full, in which only those that are named are seen. */
function overlaid(folder: string, kept: readonly string[]): readonly string[] {
  const held = kept.map((path, n) => [path, `/tmp/kept.${n}`] as const)
  return [
    ...held.map(([path, at]) => `mkdir ${at} && mount --bind ${path} ${at}`),
    `mount -t tmpfs -o mode=0755 tmpfs ${folder}`,
    ...held.map(
      ([path, at]) => `mkdir -p ${path} && mount --bind ${at} ${path} && umount ${at} && rmdir ${at}`,
    ),
  ]
}

/** ProtectSystem=strict: every mount but those of the kernel's own, of the unit and its /tmp. */
function readOnlyBut(writable: readonly string[]): readonly string[] {
  const own = ['/proc', '/proc/*', '/sys', '/sys/*', '/dev', '/dev/*', '/tmp', ...writable].join('|')
  return [
    'while read -r _ where _; do',
    `  case $where in ${own}) ;; *) mount -o remount,bind,ro "$where" ;; esac`,
    'done </proc/self/mounts',
  ]
}

/** The values of a setting, with lines that go on joined. */
function settings(unit: string, name: string): readonly string[] {
  const lines = unit.replaceAll(/\\\n\s*/g, ' ').split('\n')
  return lines.filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1))
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(word => word !== '')
}
