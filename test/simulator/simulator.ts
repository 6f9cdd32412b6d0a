import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdminServer } from './admin/server.ts'
import { mediaCertificate } from './network/media/certificate.ts'
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
  /** Where files are uploaded and downloaded; 0 takes the port that the state folder had before, or any. */
  readonly mediaPort?: number
  /** What clients call the media host; 127.0.0.1 when absent. */
  readonly mediaName?: string
  readonly seed?: number
  readonly badCertificate?: BadCertificate
  /** How long a device may show its QR codes; WhatsApp's three minutes when absent. */
  readonly qrLifetimeMs?: number
}

/** A running simulator. */
export type Simulator = {
  /** What a client connects to. */
  readonly url: string
  readonly admin: string
  /** The media host, `https://…`. */
  readonly media: string
  /** The certificate of the CA that a client of the media host has to trust, PEM. */
  readonly mediaCa: string
  /** The root key that a client has to trust, 32 bytes. */
  readonly noiseRoot: Uint8Array
  stop(): Promise<void>
}

export const ROOT_FILE = 'noise-root.pub'
export const MEDIA_CA_FILE = 'media-ca.pem'

/** Starts a WhatsApp network of its own: the chat server, the simulated phones and their remote control. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, adminPort = 0, host = '127.0.0.1', stateDir, seed = 1, badCertificate } = options
  const { mediaPort = 0, mediaName = '127.0.0.1' } = options
  if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  const state = stateDir === undefined ? {} : { stateDir }
  const world = openWorld({ ...state, seed, now: () => new Date() })
  const network = createNetwork(world, { qrLifetimeMs: options.qrLifetimeMs })
  const server = new ChatServer(network)
  server.badCertificate = badCertificate
  const certificate = await mediaCertificate(world.meta, world.now(), mediaName)
  if (stateDir !== undefined) {
    writeFileSync(join(stateDir, ROOT_FILE), `${Buffer.from(server.rootKey).toString('base64')}\n`)
    writeFileSync(join(stateDir, MEDIA_CA_FILE), certificate.ca)
  }
  await world.db.committed()
  const control = new AdminServer(network, server)
  await network.media.listen({ port: mediaPort, host, name: mediaName, certificate })
  const url = await server.listen(port, host)
  const admin = await control.listen(adminPort, host)
  return {
    url,
    admin,
    media: network.media.origin,
    mediaCa: certificate.ca,
    noiseRoot: server.rootKey,
    async stop() {
      await control.close()
      await network.media.close()
      await server.close()
      await world.db.close()
    },
  }
}
