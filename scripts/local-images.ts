import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { baseSystem, CACHE, SUITE } from './images/base-system.ts'
import { copyMachineSettings, installNode, networkEnvironment } from './images/machine.ts'

/*
 * Stand-ins for the base images of the Dockerfiles, for machines that reach no image registry:
 *
 *   node scripts/local-images.ts          as root, with a Docker engine, debootstrap, and POSTERN_CADDY
 *
 * A minimal Debian with this machine's Node (or Caddy) and its package settings, under the names that the Dockerfiles use.
 * For tests: they carry this machine's certificates and mirrors.
 */
const ROOT = dirname(import.meta.dirname)

/** Runs the docker client; throws when it fails. */
export type Docker = (args: readonly string[]) => string

export type BaseImage = { readonly name: string; readonly origin: 'present' | 'pulled' | 'made here' }

/** Sees to both base images: those that are there stay, those that can be pulled are, the others are made here. */
export function ensureBaseImages(caddy: string, docker: Docker): readonly BaseImage[] {
  const node = argumentOf('app/Dockerfile', 'NODE_IMAGE')
  const proxy = argumentOf('proxy/Dockerfile', 'CADDY_IMAGE')
  return [
    ensure(docker, node, root => {
      installNode(root, process.execPath)
      unpackPackage('libatomic1', root)
    }),
    ensure(docker, proxy, root => {
      cpSync(caddy, join(root, 'usr/bin/caddy'), { dereference: true })
      // As the official image has it, so that a Dockerfile that keeps it does not pass here.
      spawnSync('setcap', ['cap_net_bind_service=+ep', join(root, 'usr/bin/caddy')])
    }),
  ]
}

function ensure(docker: Docker, name: string, fill: (root: string) => void): BaseImage {
  if (succeeds(docker, ['image', 'inspect', name])) return { name, origin: 'present' }
  if (succeeds(docker, ['pull', '--quiet', name])) return { name, origin: 'pulled' }
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, 'image-'))
  try {
    execFileSync('tar', ['-xf', baseSystem(), '-C', work])
    copyMachineSettings(work)
    rmSync(join(work, 'etc/resolv.conf'), { force: true }) // the engine brings its own
    fill(work)
    const environment = Object.entries(networkEnvironment()).flatMap(([key, value]) => [
      '--change',
      `ENV ${key}="${value}"`,
    ])
    execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-cf', `${work}.tar`, '-C', work, '.'])
    docker([
      'import',
      '--change',
      'ENV PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      ...environment,
      `${work}.tar`,
      name,
    ])
    return { name, origin: 'made here' }
  } finally {
    for (const left of [work, `${work}.tar`]) rmSync(left, { recursive: true, force: true })
  }
}

function unpackPackage(name: string, root: string): void {
  execFileSync('sh', [join(ROOT, 'scripts/debian-package.sh'), SUITE, name, join(root, 'tmp/package')], {
    stdio: 'pipe',
  })
  // The package's lib/ must not replace the root's link of that name.
  execFileSync('sh', ['-c', 'cp -a "$1"/tmp/package/usr/. "$1/usr/" && rm -rf "$1/tmp/package"', 'sh', root])
}

function succeeds(docker: Docker, args: readonly string[]): boolean {
  try {
    docker(args)
    return true
  } catch {
    return false
  }
}

/** The default of a Dockerfile's ARG. */
function argumentOf(dockerfile: string, name: string): string {
  const found = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(
    readFileSync(join(ROOT, dockerfile), 'utf8'),
  )?.[1]
  if (found === undefined) throw new Error(`${dockerfile} has no ARG ${name}`)
  return found
}

if (import.meta.main) {
  const caddy = process.env.POSTERN_CADDY ?? join(ROOT, '.runtime/caddy/caddy')
  const docker: Docker = args =>
    execFileSync('docker', [...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  for (const { name, origin } of ensureBaseImages(caddy, docker)) console.log(`${name}: ${origin}`)
}
