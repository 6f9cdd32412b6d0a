import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a machine may need to reach its package mirrors; nothing else of its environment is passed on. */
const NETWORK_NAMES =
  /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|npm_config_(registry|cafile))$/i

/** The variables of this machine's environment that say how it reaches its mirrors. */
export function networkEnvironment(): Readonly<Record<string, string>> {
  const set = Object.entries(process.env).filter(
    ([name, value]) => NETWORK_NAMES.test(name) && value !== undefined,
  )
  return Object.fromEntries(set) as Record<string, string>
}

/** Copies into a root folder how this machine reaches its mirrors: apt's and npm's settings, resolver, certificates. */
export function copyMachineSettings(root: string): void {
  const home = process.env.HOME ?? '/root'
  const npm = ['/usr/etc/npmrc', '/etc/npmrc', join(home, '.npmrc')]
  const files = [
    '/etc/resolv.conf',
    '/etc/hosts',
    '/etc/apt/apt.conf',
    ...aptSettings(),
    ...npm,
    ...certificates(npm),
  ]
  for (const file of files) {
    if (!existsSync(file)) continue
    const target = join(root, file.startsWith(`${home}/`) ? file.replace(home, '/root') : file)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(file, target, { dereference: true })
  }
}

/** Puts a Node binary and this machine's npm into a root folder, as a distribution would have installed them. */
export function installNode(root: string, node: string): void {
  const bin = join(root, 'usr/bin')
  cpSync(node, join(bin, 'node'), { dereference: true })
  const npm = onPath('npm')[0]
  if (npm === undefined) throw new Error('this machine has no npm')
  cpSync(dirname(dirname(realpathSync(npm))), join(root, 'usr/lib/node_modules/npm'), { recursive: true })
  execFileSync('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm')])
}

/** Every file of that name in the folders of the PATH and the usual ones. */
export function onPath(name: string): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/bin', '/usr/bin', '/usr/sbin']
  return [...new Set(folders.map(folder => join(folder, name)))].filter(file => existsSync(file))
}

/** apt's files about how to fetch, not those of hooks into other programs. */
function aptSettings(): string[] {
  const found = execFileSync('sh', ['-c', 'grep -lsE "^Acquire::[a-zA-Z]" /etc/apt/apt.conf.d/* || true'], {
    encoding: 'utf8',
  })
  return found.split('\n').filter(file => file !== '')
}

/** The certificate files that npm's settings or the environment name. */
function certificates(npmSettings: readonly string[]): string[] {
  const named = npmSettings
    .filter(file => existsSync(file))
    .map(file => /^cafile\s*=\s*(.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim() ?? '')
  return [...named, process.env.NODE_EXTRA_CA_CERTS ?? '', process.env.SSL_CERT_FILE ?? '']
}
