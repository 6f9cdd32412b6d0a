import { openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientFiles, Endpoints } from './endpoints.ts'
import type { TourClient, TourContext } from './tour/context.ts'
import { tourSteps } from './tour/steps.ts'
import { type StepOutcome, tableRow, walk } from './tour/tour.ts'
import type { Appliance } from './up.ts'

const LAST_LINES = 20

/** What the demo is given: how to make and start a sandbox in `folder`, without linking its account. */
export type DemoOptions = {
  readonly folder: string
  readonly json: boolean
  readonly keep: boolean
  readonly clients: Readonly<Record<TourClient, ClientFiles>>
  readonly checkPolicies: () => Promise<string>
  readonly bringUp: (output: { stdout: number; stderr: number }) => Promise<Appliance>
  /** Resolves at Ctrl-C. */
  readonly interrupted: Promise<void>
}

/** Walks the tour and prints it. Answers 0 only when every step passed. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const logFile = join(options.folder, 'appliance.log')
  const log = openSync(logFile, 'a', 0o600)
  let appliance: Appliance | undefined
  const context: TourContext = {
    clients: options.clients,
    checkPolicies: options.checkPolicies,
    linkMain: async () => appliance?.link(),
    async bringUp(): Promise<Endpoints> {
      appliance = await options.bringUp({ stdout: log, stderr: log })
      return appliance.endpoints()
    },
  }
  const interrupted = options.interrupted.then(() => undefined)
  try {
    const outcomes = await Promise.race([walk(tourSteps, context, row(options)), interrupted])
    if (outcomes === undefined) return 1
    const passed = outcomes.length === tourSteps.length && outcomes.every(({ ok }) => ok)
    report(options, outcomes, { passed, logFile })
    if (options.keep && appliance !== undefined) await stay(appliance, options)
    return passed ? 0 : 1
  } finally {
    await appliance?.stop()
    if (!options.keep) rmSync(options.folder, { recursive: true, force: true })
  }
}

function row({ json }: DemoOptions): (outcome: StepOutcome) => void {
  return outcome => (json ? console.error : console.log)(tableRow(outcome))
}

function report(
  options: DemoOptions,
  outcomes: readonly StepOutcome[],
  { passed, logFile }: { passed: boolean; logFile: string },
): void {
  if (options.json) console.log(JSON.stringify(outcomes, null, 2))
  const ms = outcomes.reduce((sum, outcome) => sum + outcome.ms, 0)
  const verdict = passed ? 'every step passed' : `failed at "${outcomes.at(-1)?.step}"`
  console.error(
    `\npostern: ${verdict}, ${outcomes.length} of ${tourSteps.length} steps, ${(ms / 1_000).toFixed(1)} s`,
  )
  if (!passed)
    console.error(
      `postern: the appliance said last:\n${readFileSync(logFile, 'utf8').split('\n').slice(-LAST_LINES).join('\n')}`,
    )
}

async function stay(appliance: Appliance, options: DemoOptions): Promise<void> {
  appliance.announce()
  console.error(
    `postern: still running, endpoints in ${join(options.folder, 'data', 'run', 'endpoints.json')}; Ctrl-C ends it`,
  )
  await Promise.race([options.interrupted, appliance.gaveUp])
}
