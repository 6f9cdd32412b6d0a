import { unlink } from '../network/linking/unlink.ts'
import { BAD_CERTIFICATES, type BadCertificate } from '../noise/certificate.ts'
import { clientsOf } from '../phones/phone.ts'
import { emptyWorld } from '../store/world.ts'
import { AdminError, readBody } from './body.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const SHOWN_VIOLATIONS = 100

/** What the test holds in its hands: figures, faults, and the way back to an empty network. */
export const controlRoutes: AdminRoutes = {
  'GET /stats': stats,
  'POST /accounts/{number}/unlink': unlinkDevices,
  'GET /stanzas': ({ network }) => ({ data: network.log.lines() }),
  'POST /certificate': setCertificate,
  'POST /reset': reset,
}

function stats({ network }: AdminRequest): unknown {
  const { world, clients, log, media, unanswered } = network
  const companions = world.devices.list().filter(({ isSimulated }) => !isSimulated)
  const linkedNumbers = [...new Set(companions.map(({ number }) => number))]
  return {
    connections: clients.count,
    handshakes: clients.handshakeCount,
    stanzas: clients.stanzaCount,
    stanza_log: log.digest(),
    phones: world.users.list().length,
    accounts: linkedNumbers.length,
    ...world.tallies.totals(),
    violations: world.tallies.violationCount(),
    last_violations: world.tallies.lastViolations(SHOWN_VIOLATIONS),
    unanswered: [...unanswered],
    media: media.origin,
    process: processFigures(),
    per_account: Object.fromEntries(
      linkedNumbers.map(number => [`+${number}`, accountStats(network, number)]),
    ),
  }
}

/** What the simulator's process has cost so far, for benchmarks. */
function processFigures(): unknown {
  const { user, system } = process.cpuUsage()
  return {
    pid: process.pid,
    cpu_ms: Math.round((user + system) / 1_000),
    rss_bytes: process.memoryUsage.rss(),
  }
}

function accountStats({ world, clients }: AdminRequest['network'], number: string): unknown {
  const mailboxes = clientsOf(world, number)
  return {
    connections: clients.loggedIn(number).length,
    devices: world.devices.ofUser(number).map(({ id }) => id),
    waiting: mailboxes.reduce((sum, mailbox) => sum + world.queue.count(mailbox), 0),
    messages_in: 0,
    messages_out: 0,
    ...world.tallies.ofAccount(`+${number}`),
    violations: world.tallies.violationCount(`+${number}`),
  }
}

async function unlinkDevices(request: AdminRequest): Promise<unknown> {
  const { network, body } = request
  const { number } = phoneOf(request)
  const { device } = readBody(body, { device: 'number?' })
  const devices = network.world.devices
    .ofUser(number)
    .filter(({ id, isSimulated }) => (device === undefined ? !isSimulated : id === device))
  if (devices.length === 0) throw new AdminError(404, `+${number} has no such linked device`)
  for (const each of devices) unlink(network, each)
  await network.world.db.committed()
  return { unlinked: devices.map(({ id }) => id) }
}

function setCertificate({ server, body }: AdminRequest): unknown {
  const { bad } = readBody(body, { bad: 'string?' })
  if (bad !== undefined && !(BAD_CERTIFICATES as readonly string[]).includes(bad)) {
    throw new AdminError(400, `\`bad\` must be one of ${BAD_CERTIFICATES.join(', ')}, or absent`)
  }
  server.badCertificate = bad as BadCertificate | undefined
  return { bad: server.badCertificate ?? null }
}

async function reset({ network, server, load }: AdminRequest): Promise<unknown> {
  load.stop()
  for (const client of network.clients.all()) client.connection.cut()
  network.faults.clear()
  network.phones.forget()
  network.presences.clear()
  network.unanswered.clear()
  network.log.clear()
  server.badCertificate = undefined
  await network.world.db.unit(async () => emptyWorld(network.world))
  await network.world.db.committed()
  return { reset: true }
}
