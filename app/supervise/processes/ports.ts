import { createServer } from 'node:net'
import type { Config, Ports } from '../../config/config.ts'
import { leadsToHttps } from '../../policy/render-site.ts'
import type { Edge } from '../../policy/snapshot.ts'
import { whoListens } from './who-listens.ts'

/** What `POSTERN_PORT_BASE` adds to reach each port. Contract section 2. */
const OFFSETS = [40, 41, 42, 43, 70, 71, 72, 73, 80, 81]
const FIRST_BASE = 20_000
/** Below 32768, from where Linux takes the ports of outgoing connections: one of those would keep a part from starting again. */
const BASES = 127
const HTTPS_PORT = 443
const HTTP_PORT = 80

/** The ports that `up` needs: those of the sites in the policy and the one that leads to them, the app's own, its metrics', and the sandbox's. */
export function neededPorts(config: Config, edge: Edge): readonly number[] {
  const sites = Object.values(edge.sites).map(({ address }) => Number(new URL(address).port || HTTPS_PORT))
  const sandbox: (keyof Ports)[] = ['simulator', 'simulatorAdmin', 'receiver', 'receiverAdmin']
  const own: (keyof Ports)[] = ['app', 'metrics', ...(config.sandbox ? sandbox : [])]
  const plain = leadsToHttps(edge) ? [HTTP_PORT] : []
  return [...new Set([...sites, ...plain, ...own.map(name => config.ports[name])])]
}

/** Ports of the list that somebody else listens on already. */
export async function takenPorts(ports: readonly number[]): Promise<readonly number[]> {
  const taken: number[] = []
  for (const port of ports) if (await isTaken(port)) taken.push(port)
  return taken
}

/** One sentence on ports that are taken: by whom, and what to do. */
export function explainTaken(taken: readonly number[]): string {
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(', ')} are`
  const holders = [...new Set(taken.flatMap(port => whoListens(port) ?? []))]
  const by = holders.length === 0 ? 'another program' : holders.join(', ')
  return `${which} in use by ${by}: end that first, or move all ports with POSTERN_PORT_BASE`
}

/** A base whose ports are all free, for a sandbox that must not meet another one. */
export async function freePortBase(random: () => number): Promise<number> {
  for (let i = 0; i < BASES; i++) {
    const base = FIRST_BASE + 100 * Math.floor(random() * BASES)
    if ((await takenPorts(OFFSETS.map(offset => base + offset))).length === 0) return base
  }
  throw new Error('no free range of ports found; set POSTERN_PORT_BASE')
}

/** A port that this user may not open counts as free: Caddy may have that right where we have not. */
function isTaken(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', error => resolve(!('code' in error && error.code === 'EACCES')))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(false)))
  })
}
