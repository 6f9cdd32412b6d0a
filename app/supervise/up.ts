import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { EX_CONFIG, PosternError, reasonOf } from '../lib/error.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import { appArguments, appEnvironment } from './app-command.ts'
import { ask, type Proof } from './ask.ts'
import { createCompiled } from './compile-cache.ts'
import { caddyCommand, edgeAnswers, exportEdgeCa } from './edge.ts'
import { createEdgeDesk } from './edge-desk.ts'
import { type Endpoints, endpointsFile, removeEndpoints, writeEndpoints } from './endpoints.ts'
import { linkMain, MAIN_PHONE } from './link-main.ts'
import { mayGoBack } from './policy-to-start.ts'
import { createCrew, type Ending } from './processes/crew.ts'
import { PartFailure, type PartSpec } from './processes/part.ts'
import { explainTaken, neededPorts, takenPorts } from './processes/ports.ts'
import { createRenewal } from './renewal.ts'
import { sandboxEndpoints, sandboxParts, simulatorFlags } from './sandbox.ts'
import { servedEdge } from './served-edge.ts'

export type UpOptions = {
  readonly config: Config
  readonly snapshot: PolicySnapshot
  /** Path of the Caddy binary. */
  readonly caddy: string
  /** Certificate and key of the proxy with the internal CA: to ask the app's own port whether it is ready. */
  readonly hopProof: Proof
  readonly output: PartSpec['output']
  /** Aborted when everything is to end, also while it is still starting. */
  readonly interrupted: AbortSignal
  readonly now: () => Date
  readonly random: () => number
}

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

/** What a killed supervisor had started is just being ended by its guard. */
const LEFTOVERS_END_WITHIN_MS = 3_000
const ASK_EVERY_MS = 200

/**
 * Starts every part: the sandbox's first, because the app reads what the simulator writes, then the app and Caddy
 * together. When one does not come up, or when interrupted, the others are stopped again and the reason is thrown.
 */
export async function bringUp(options: UpOptions): Promise<Appliance> {
  const { config, output, now, random, interrupted } = options
  await refuseTakenPorts(options)
  const file = endpointsFile(config.dataDir)
  const crew = createCrew({ now, random, interrupted, endpointsFile: file, tell, onRestart })
  const desk = createEdgeDesk(options, tell)
  const renewal = createRenewal({ config, now, tell })
  let revision = ''
  let announced = false
  const compiled = createCompiled(config)
  try {
    if (config.sandbox) await Promise.all(sandboxParts(config, output).map(crew.start))
    const app = appPart(options, compiled.handOut, found => {
      revision = found
    })
    await Promise.all([startApp(app), crew.start(edgePart(options)).then(desk.open)])
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoints, link: () => linkMain(endpoints()), announce, stop, gaveUp: crew.gaveUp }

  /** An app that dies of a policy that is new to it is started until it has gone back to the one before. */
  async function startApp(app: PartSpec): Promise<void> {
    for (;;) {
      try {
        return await crew.start(app)
      } catch (error) {
        const mayHelp = error instanceof PartFailure && error.exitCode !== EX_CONFIG && !crew.isStopping()
        if (!mayHelp || !(await mayGoBack(config))) throw error
        tell(`${error.message}, under a policy that it had not run with before; starting it again`)
      }
    }
  }

  function endpoints(): Endpoints {
    return endpointsOf(options, { revision, pids: { up: process.pid, ...crew.pids() } })
  }

  function announce(): void {
    if (crew.isStopping()) return
    renewal.start()
    void compiled.keep()
    announced = true
    writeEndpoints(config.dataDir, endpoints())
  }

  function onRestart(): void {
    try {
      if (announced) announce()
    } catch (error) {
      tell(`${file} cannot be brought up to date: ${reasonOf(error)}`)
    }
  }

  function stop(): Promise<void> {
    const withdraw = () => removeEndpoints(config.dataDir)
    return clearUp([withdraw, compiled.close, renewal.stop, desk.close, crew.stop])
  }
}

/** Every step is done whatever becomes of the others: what is left running would keep us from ending for ever. */
async function clearUp(steps: readonly (() => void | Promise<void>)[]): Promise<void> {
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      tell(`could not be cleared up: ${reasonOf(error)}`)
    }
  }
}

function tell(sentence: string): void {
  console.error(`postern: ${sentence}`)
}

function appPart(
  { config, hopProof, output }: UpOptions,
  prepare: () => void,
  onReady: (revision: string) => void,
): PartSpec {
  mkdirSync(join(config.dataDir, 'tmp'), { recursive: true, mode: 0o700 })
  const url = `https://127.0.0.1:${config.ports.app}/readyz`
  const simulator = config.sandbox ? simulatorFlags(config) : undefined
  return {
    name: 'app',
    command: process.execPath,
    args: appArguments(config, simulator),
    env: appEnvironment(config, simulator),
    cwd: config.root,
    prepare,
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

function edgePart({ config, caddy, output }: UpOptions): PartSpec {
  return {
    name: 'caddy',
    ...caddyCommand({ config, caddy }),
    ready: () => edgeAnswers(config, servedEdge(config)),
    readyWithinMs: 60_000,
    output,
  }
}

function endpointsOf(
  { config, snapshot }: UpOptions,
  { revision, pids }: { revision: string; pids: Endpoints['pids'] },
): Endpoints {
  const edge = servedEdge(config)
  const sites = Object.fromEntries(
    (['api', 'dashboard', 'hooks', 'keys'] as const).flatMap(site => {
      const url = edge.sites[site]?.address
      return url === undefined ? [] : [[site, url]]
    }),
  )
  const caFile = exportEdgeCa(config, edge)
  return {
    ready: true,
    ...sites,
    metrics: `http://127.0.0.1:${config.ports.metrics}/metrics`,
    ...(caFile === undefined ? {} : { ca_file: caFile }),
    ...(config.sandbox ? sandboxEndpoints(config, MAIN_PHONE) : {}),
    policy: `${revision} ${snapshot.digest}`,
    pids,
  }
}

async function refuseTakenPorts({ config, snapshot, interrupted }: UpOptions): Promise<void> {
  const needed = neededPorts(config, snapshot.edge)
  const deadline = performance.now() + LEFTOVERS_END_WITHIN_MS
  for (;;) {
    const taken = await takenPorts(needed)
    if (taken.length === 0) return
    interrupted.throwIfAborted()
    if (performance.now() > deadline) throw new PosternError('up.port_in_use', explainTaken(taken))
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS))
  }
}
