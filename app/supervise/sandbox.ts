import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { nodeEnvironment, type SimulatorFlags } from './app-command.ts'
import type { Endpoints } from './endpoints.ts'
import type { PartSpec } from './processes/part.ts'

/** Where the simulator, the receiver and the demo client keep their files: beside the data folder, never in it. */
export function sandboxFolder(config: Config): string {
  return `${config.dataDir}.sandbox`
}

/** How to log in to the sandbox's dashboard, in words. */
export function sandboxLogin(config: Config): string {
  return `user oncall, password in ${join(sandboxFolder(config), 'clients', 'demo.password')}`
}

/** What the app is told about the simulated WhatsApp. */
export function simulatorFlags(config: Config): SimulatorFlags {
  const folder = join(sandboxFolder(config), 'simulator')
  return {
    url: `ws://127.0.0.1:${config.ports.simulator}/ws/chat`,
    noiseRootFile: join(folder, 'noise-root.pub'),
    mediaCaFile: join(folder, 'media-ca.pem'),
  }
}

/** The receiver's own CA, once it has started. */
export function receiverCaFile(config: Config): string {
  return join(sandboxFolder(config), 'receiver', 'receiver-ca.pem')
}

/** The parts that only the sandbox has. They live in `test/`, so a production image cannot start them. */
export function sandboxParts(config: Config, output: PartSpec['output']): readonly PartSpec[] {
  const { ports } = config
  return [
    sandboxPart(config, {
      name: 'simulator',
      program: 'test/simulator/main.ts',
      ports: [ports.simulator, ports.simulatorAdmin],
      output,
    }),
    sandboxPart(config, {
      name: 'receiver',
      program: 'test/sandbox/receiver.ts',
      ports: [ports.receiver, ports.receiverAdmin],
      output,
    }),
  ]
}

type Extra = {
  readonly name: string
  readonly program: string
  readonly ports: readonly [number, number]
  readonly output: PartSpec['output']
}

function sandboxPart(config: Config, { name, program, ports: [port, adminPort], output }: Extra): PartSpec {
  const path = name === 'simulator' ? '/stats' : '/deliveries'
  const state = join(sandboxFolder(config), name)
  return {
    name,
    command: process.execPath,
    args: [
      '--no-warnings',
      join(config.root, program),
      '--port',
      `${port}`,
      '--admin-port',
      `${adminPort}`,
      '--state',
      state,
    ],
    env: nodeEnvironment(config),
    cwd: config.root,
    ready: () => answersHttp(`http://127.0.0.1:${adminPort}${path}`),
    readyWithinMs: 60_000,
    output,
  }
}

/** The sandbox's members of `endpoints.json`. */
export function sandboxEndpoints(config: Config, phone: string): Partial<Endpoints> {
  const { ports } = config
  const client = (file: string) => join(sandboxFolder(config), 'clients', file)
  return {
    clients: {
      demo: {
        cert_file: client('demo.pem'),
        key_file: client('demo.key'),
        api_key_file: client('demo.api-key'),
      },
    },
    accounts: { main: { phone } },
    simulator: { url: simulatorFlags(config).url, admin: `http://127.0.0.1:${ports.simulatorAdmin}` },
    receiver: {
      url: `https://127.0.0.1:${ports.receiver}/`,
      deliveries: `http://127.0.0.1:${ports.receiverAdmin}/deliveries`,
      secret_file: join(config.secretsDir, 'sandbox-webhook'),
    },
  }
}

async function answersHttp(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}
