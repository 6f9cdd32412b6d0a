import { startGuard } from './guard.ts'
import { Part, type PartSpec } from './part.ts'

/** Why everything must end. */
export type Ending = { readonly reason: string; readonly exitCode: number }

export type CrewOptions = {
  readonly now: () => Date
  readonly random: () => number
  /** Aborted when every part is to end, also one that is still starting. */
  readonly interrupted: AbortSignal
  /** The file that says where the parts answer: it goes with them, whoever ends them. */
  readonly endpointsFile: string
  readonly tell: (sentence: string) => void
  /** Called when a part is up again after a death. */
  readonly onRestart: () => void
}

/** The parts that live and end together. */
export type Crew = {
  /** Starts a part and keeps it alive. Throws when it does not come up, and when all are to end. */
  start(spec: PartSpec): Promise<void>
  /** Process ids by name. */
  pids(): Readonly<Record<string, number>>
  /** Ends the parts, the last one first. Every call waits for the same end. */
  stop(): Promise<void>
  readonly isStopping: () => boolean
  /** Resolves when a part could not be kept up. */
  readonly gaveUp: Promise<Ending>
}

/** An empty crew, under a guard that ends it when this process is killed. */
export function createCrew(options: CrewOptions): Crew {
  const { now, random, interrupted, tell } = options
  const guard = startGuard(options.endpointsFile)
  const parts: Part[] = []
  const { promise: gaveUp, resolve: giveUp } = Promise.withResolvers<Ending>()
  let stopped: Promise<void> | undefined
  const deps = {
    now,
    random,
    guard,
    tell,
    onRestart(part: Part) {
      tell(`${part.spec.name} answers again, as process ${part.pid}`)
      options.onRestart()
    },
    onGiveUp: (part: Part, reason: string, exitCode: number) =>
      giveUp({ reason: `${part.spec.name} ${reason}`, exitCode }),
  }
  const stop = () => {
    stopped ??= stopAll()
    return stopped
  }
  interrupted.addEventListener('abort', stop, { once: true })
  return { start, pids, stop, isStopping: () => stopped !== undefined, gaveUp }

  async function start(spec: PartSpec): Promise<void> {
    interrupted.throwIfAborted()
    const part = new Part(spec, deps)
    parts.push(part)
    await part.start()
  }

  function pids(): Record<string, number> {
    return Object.fromEntries(parts.map(part => [part.spec.name, part.pid ?? 0]))
  }

  async function stopAll(): Promise<void> {
    interrupted.removeEventListener('abort', stop)
    for (const part of parts.toReversed()) await part.stop()
    await guard.close()
  }
}
