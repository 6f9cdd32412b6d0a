import { createServer } from 'node:net'
import type { Config, Ports } from '../config/config.ts'

/** What `POSTERN_PORT_BASE` adds to reach each port. Contract section 2. */
const OFFSETS = [40, 41, 42, 43, 70, 71, 72, 73, 80, 81]
const FIRST_BASE = 20_000
const BASES = 300

/** Ports of the list that somebody else listens on already. */
export async function takenPorts(ports: readonly number[]): Promise<readonly number[]> {
  const taken: number[] = []
  for (const port of ports) if (!(await isFree(port))) taken.push(port)
  return taken
}

/** The ports that `up` needs under this configuration. */
export function neededPorts(config: Config): readonly number[] {
  const own: (keyof Ports)[] = ['api', 'dashboard', 'hooks', 'app']
  const sandbox: (keyof Ports)[] = ['keys', 'simulator', 'simulatorAdmin', 'receiver', 'receiverAdmin']
  return [...own, ...(config.sandbox ? sandbox : [])].map(name => config.ports[name])
}

/** A base whose ports are all free, for a sandbox that must not meet another one. */
export async function freePortBase(random: () => number): Promise<number> {
  for (let i = 0; i < BASES; i++) {
    const base = FIRST_BASE + 100 * Math.floor(random() * BASES)
    if ((await takenPorts(OFFSETS.map(offset => base + offset))).length === 0) return base
  }
  throw new Error('no free range of ports found; set POSTERN_PORT_BASE')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
