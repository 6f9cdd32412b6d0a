import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'
import type { PolicySnapshot, SiteName } from '../policy/snapshot.ts'
import { appArguments, appEnvironment } from './app-command.ts'
import { ask, type Proof } from './ask.ts'
import { caddyCommand, edgeAnswers, exportEdgeCa } from './edge.ts'
import { type Endpoints, removeEndpoints, writeEndpoints } from './endpoints.ts'
import { linkMain, MAIN_PHONE } from './link-main.ts'
import { Part, type PartSpec } from './part.ts'
import { neededPorts, takenPorts } from './ports.ts'
import { sandboxEndpoints, sandboxParts, simulatorFlags } from './sandbox.ts'

export type UpOptions = {
  readonly config: Config
  readonly snapshot: PolicySnapshot
  /** Path of the Caddy binary. */
  readonly caddy: string
  /** Certificate and key of the proxy with the internal CA: to ask the app's own port whether it is ready. */
  readonly hopProof: Proof
  readonly output: PartSpec['output']
  readonly now: () => Date
  readonly random: () => number
}

export type Ending = { readonly reason: string; readonly exitCode: number }

/** A running appliance. */
export type Appliance = {
  readonly endpoints: () => Endpoints
  /** Brings the sandbox's account to `open`. */
  readonly link: () => Promise<void>
  /** Writes `endpoints.json`: everything answers. */
  readonly announce: () => void
  readonly stop: () => Promise<void>
  /** Resolves when a part could not be kept up. */
  readonly gaveUp: Promise<Ending>
}

/**
 * Starts every part: the sandbox's first, because the app reads what the simulator writes, then the app and Caddy
 * together. When one does not come up the others are stopped again and the reason is thrown.
 */
export async function bringUp(options: UpOptions): Promise<Appliance> {
  const { config, output } = options
  await refuseTakenPorts(config)
  const parts: Part[] = []
  let revision = ''
  let announced = false
  let giveUp: (ending: Ending) => void = () => {}
  const gaveUp = new Promise<Ending>(resolve => {
    giveUp = resolve
  })
  const deps = {
    now: options.now,
    random: options.random,
    onRestart: () => announced && announce(),
    onGiveUp: (part: Part, reason: string, exitCode: number) =>
      giveUp({ reason: `${part.spec.name} ${reason}`, exitCode: exitCode === 0 ? 1 : exitCode }),
  }
  try {
    if (config.sandbox) await Promise.all(sandboxParts(config, output).map(startPart))
    const app = appPart(options, found => {
      revision = found
    })
    await Promise.all([app, edgePart(options)].map(startPart))
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoints, link: () => linkMain(endpoints()), announce, stop, gaveUp }

  async function startPart(spec: PartSpec): Promise<void> {
    const part = new Part(spec, deps)
    parts.push(part)
    await part.start()
  }

  function endpoints(): Endpoints {
    const pids = Object.fromEntries(parts.map(part => [part.spec.name, part.pid ?? 0]))
    return endpointsOf(options, { revision, pids: { up: process.pid, ...pids } })
  }

  function announce(): void {
    announced = true
    writeEndpoints(config.dataDir, endpoints())
  }

  async function stop(): Promise<void> {
    if (announced) removeEndpoints(config.dataDir)
    announced = false
    for (const part of parts.toReversed()) await part.stop()
  }
}

function appPart({ config, hopProof, output }: UpOptions, onReady: (revision: string) => void): PartSpec {
  mkdirSync(join(config.dataDir, 'tmp'), { recursive: true, mode: 0o700 })
  const url = `https://127.0.0.1:${config.ports.app}/readyz`
  return {
    name: 'app',
    command: process.execPath,
    args: appArguments(config, config.sandbox ? simulatorFlags(config) : undefined),
    env: appEnvironment(config),
    cwd: config.root,
    ready: async () => {
      try {
        const answer = await ask({ url, proof: hopProof, servername: 'app', timeoutMs: 2_000 })
        onReady(String(answer.headers['postern-policy']))
        return answer.status === 200
      } catch {
        return false
      }
    },
    readyWithinMs: 60_000,
    output,
  }
}

function edgePart({ config, caddy, snapshot, output }: UpOptions): PartSpec {
  return {
    name: 'caddy',
    ...caddyCommand({ config, caddy }),
    ready: () => edgeAnswers(config, snapshot.edge),
    readyWithinMs: 60_000,
    output,
  }
}

function endpointsOf(
  { config, snapshot }: UpOptions,
  { revision, pids }: { revision: string; pids: Endpoints['pids'] },
): Endpoints {
  const address = (site: SiteName) => snapshot.edge.sites[site]?.address
  const sites = Object.fromEntries(
    (['api', 'dashboard', 'hooks', 'keys'] as const).flatMap(site => {
      const url = address(site)
      return url === undefined ? [] : [[site, url]]
    }),
  )
  const caFile = exportEdgeCa(config, snapshot.edge)
  return {
    ready: true,
    ...sites,
    ...(caFile === undefined ? {} : { ca_file: caFile }),
    ...(config.sandbox ? sandboxEndpoints(config, MAIN_PHONE) : {}),
    policy: `${revision} ${snapshot.digest}`,
    pids,
  }
}

async function refuseTakenPorts(config: Config): Promise<void> {
  const taken = await takenPorts(neededPorts(config))
  if (taken.length === 0) return
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(', ')} are`
  throw new PosternError(
    'up.port_in_use',
    `${which} in use by another program (another Postern?): stop it, or move all ports with POSTERN_PORT_BASE`,
  )
}
