import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdminServer } from './admin/server.ts'
import { ChatServer, createNetwork } from './network/server.ts'
import type { BadCertificate } from './noise/certificate.ts'
import { openWorld } from './store/world.ts'

export type SimulatorOptions = {
  /** 0 takes any free port. */
  readonly port?: number
  readonly adminPort?: number
  /** Where to listen; anything but 127.0.0.1 is for a container of its own. */
  readonly host?: string
  /** The folder that keeps phones, keys, links and messages; without one they end with the simulator. */
  readonly stateDir?: string
  readonly seed?: number
  readonly badCertificate?: BadCertificate
}

/** A running simulator. */
export type Simulator = {
  /** What a client connects to. */
  readonly url: string
  readonly admin: string
  /** The root key that a client has to trust, 32 bytes. */
  readonly noiseRoot: Uint8Array
  stop(): Promise<void>
}

export const ROOT_FILE = 'noise-root.pub'

/** Starts a WhatsApp network of its own: the chat server, the simulated phones and their remote control. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, adminPort = 0, host = '127.0.0.1', stateDir, seed = 1, badCertificate } = options
  if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const state = stateDir === undefined ? {} : { stateDir }
  const world = openWorld({ ...state, seed, now: () => new Date() })
  const network = createNetwork(world)
  const server = new ChatServer(network)
  server.badCertificate = badCertificate
  if (stateDir !== undefined) {
    writeFileSync(join(stateDir, ROOT_FILE), `${Buffer.from(server.rootKey).toString('base64')}\n`)
  }
  await world.db.committed()
  const control = new AdminServer(network, server)
  const url = await server.listen(port, host)
  const admin = await control.listen(adminPort, host)
  return {
    url,
    admin,
    noiseRoot: server.rootKey,
    async stop() {
      await control.close()
      await server.close()
      await world.db.close()
    },
  }
}
