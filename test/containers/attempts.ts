import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Containers } from './appliance.ts'
import type { Engine } from './engine.ts'

const SERVICES = ['app', 'caddy', 'simulator', 'receiver'] as const
type ServiceName = (typeof SERVICES)[number]

/** Each says the name of what it could do. As root, so that no owner of a file stands in the way, only the container. */
const WRITES =
  'for d in / /etc /usr /var /srv/postern; do touch $d/attempt 2>/dev/null && echo $d; done; true'
const GAINS = [
  'cd /tmp && touch attempt',
  'chown 1234 attempt 2>/dev/null && echo CHOWN',
  'mknod attempt-node c 1 3 2>/dev/null && echo MKNOD',
  'chroot / true 2>/dev/null && echo SYS_CHROOT',
  'rm -f attempt attempt-node',
].join('; ')

/** Half of the memory and more than twice of it, then processes within the limit and beyond. Says what it was given; 0 bytes is nothing. */
const LIMITS = `
bytes() { echo "$(head -c $1 /dev/zero | tail -c $1 | wc -c) bytes"; }
processes() {
  (i=0; while [ $i -lt $1 ]; do sleep 60 & i=$((i+1)); done; echo "$1 processes") || echo "no $1 processes"
  for p in /proc/[0-9]*; do read -r name <$p/comm && [ "$name" = sleep ] && kill \${p#/proc/}; done
}
exec 2>/dev/null
bytes $1; bytes $2; processes $3; processes $4; true`

/** Who can be spoken to at an address or a socket; 3 s for those that say nothing. */
const CONNECT = `Promise.all(process.argv.slice(1).map(target => new Promise(resolve => {
  const [host, port] = target.split(':')
  const where = port === undefined ? { path: host } : { host, port }
  const socket = require('node:net').connect({ ...where, timeout: 3000 }, () => resolve(true))
  socket.on('error', () => resolve(false)).on('timeout', () => resolve(false))
}))).then(found => { console.log(JSON.stringify(found)); process.exit() })`

type Around = { readonly engine: Engine; readonly containers: Containers }

/** What somebody would try who got into one of the containers, each beside the same where nothing is in the way. */
export function attemptTests(around: () => Around): void {
  for (const service of SERVICES) {
    test(`in ${service} even root writes to nothing but its own folders, and in the bare image to everything`, () => {
      assert.deepEqual(linesOf(asRoot(around(), service, WRITES)), [])
      assert.deepEqual(linesOf(inBareImage(around(), service, WRITES)), [
        '/',
        '/etc',
        '/usr',
        '/var',
        '/srv/postern',
      ])
    })

    test(`in ${service} even root has no capability to use, and in the bare image those that Docker gives`, () => {
      assert.deepEqual(linesOf(asRoot(around(), service, GAINS)), [])
      assert.deepEqual(linesOf(inBareImage(around(), service, GAINS)), ['CHOWN', 'MKNOD', 'SYS_CHROOT'])
    })

    test(`${service} is given limits, the filter of system calls, and neither the engine's socket nor its host`, () => {
      const host = hostConfigOf(around(), service)
      assert.ok(host.PidsLimit > 0 && host.PidsLimit <= 256, `pids ${host.PidsLimit}`)
      assert.ok(host.Memory > 0 && host.Memory <= 2 ** 30, `memory ${host.Memory}`)
      assert.deepEqual(host.SecurityOpt, ['no-new-privileges:true'], 'nothing says unconfined')
      assert.deepEqual([host.ReadonlyRootfs, host.Privileged, host.CapDrop], [true, false, ['ALL']])
      assert.ok(!(host.CapAdd ?? []).length && !(host.Devices ?? []).length)
      for (const mode of [host.PidMode, host.IpcMode, host.UsernsMode, host.NetworkMode])
        assert.notEqual(mode, 'host')
      assert.doesNotMatch(JSON.stringify([host.Binds, host.Mounts]), /docker|containerd|"\/(proc|sys|dev)?"/)
    })
  }

  for (const service of ['app', 'caddy'] as const) {
    test(`one more ${service} is given memory and processes within its limits, and none beyond`, () => {
      const { Memory: memory, PidsLimit: pids } = hostConfigOf(around(), service)
      const wanted = [memory / 2, memory * 2.5, Math.floor(pids / 2), pids * 2]
      assert.deepEqual(linesOf(inOneMore(around(), service, [LIMITS, 'sh', ...wanted.map(String)])), [
        `${wanted[0]} bytes`,
        '0 bytes',
        `${wanted[2]} processes`,
        `no ${wanted[3]} processes`,
      ])
    })
  }

  test("the app does not reach Caddy's admin interface, which obeys whoever is beside it", () => {
    const { containers } = around()
    const inside = (service: string, ...command: string[]) =>
      containers.compose(['exec', '-T', service, ...command]).trim()
    const admin = ['/tmp/caddy.sock', 'caddy:2019', 'caddy:9443']
    assert.deepEqual(JSON.parse(inside('app', 'node', '-e', CONNECT, ...admin)), [false, false, true])
    const reload = 'caddy reload --force --config Caddyfile --adapter caddyfile --address unix/$EDGE_ADMIN'
    const told = inside(
      'caddy',
      'sh',
      '-c',
      `EDGE_PART=$EDGE_STORAGE/current.caddy ${reload} 2>&1 && echo obeyed`,
    )
    assert.match(told, /obeyed$/)
    assert.equal(inside('caddy', 'sh', '-c', 'ls -l $EDGE_ADMIN').slice(0, 10), 'srw-------')
  })
}

function asRoot({ containers }: Around, service: ServiceName, script: string): string {
  return containers.compose(['exec', '-T', '--user', '0:0', service, 'sh', '-c', script])
}

/** A container of the same service beside the one that serves, which shall go on: one without processes left ends. */
function inOneMore({ containers }: Around, service: ServiceName, script: readonly string[]): string {
  const alone = ['--rm', '--no-deps', '-T', '--user', '0:0', '--entrypoint', 'sh']
  return containers.compose(['run', ...alone, service, '-c', ...script])
}

/** The image of a service as an engine runs it when nobody asks for anything else, as root. */
function inBareImage({ engine, containers }: Around, service: ServiceName, script: string): string {
  const { images } = containers
  const image = { app: images.app, caddy: images.proxy, simulator: images.sandbox, receiver: images.sandbox }[
    service
  ]
  const bare = [
    'run',
    '--rm',
    '--network',
    'none',
    '--user',
    '0:0',
    '--entrypoint',
    'sh',
    image,
    '-c',
    script,
  ]
  return engine.docker(bare)
}

type HostConfig = {
  readonly PidsLimit: number
  readonly Memory: number
  readonly SecurityOpt: readonly string[]
  readonly ReadonlyRootfs: boolean
  readonly Privileged: boolean
  readonly CapDrop: readonly string[]
  readonly CapAdd: readonly string[] | null
  readonly Devices: readonly unknown[] | null
  readonly Binds: readonly string[] | null
  readonly Mounts?: readonly unknown[]
} & Readonly<Record<'PidMode' | 'IpcMode' | 'UsernsMode' | 'NetworkMode', string>>

function hostConfigOf({ engine, containers }: Around, service: ServiceName): HostConfig {
  return JSON.parse(
    engine.docker(['inspect', '-f', '{{json .HostConfig}}', containers.id(service)]),
  ) as HostConfig
}

function linesOf(text: string): string[] {
  return text.split('\n').filter(line => line !== '')
}
