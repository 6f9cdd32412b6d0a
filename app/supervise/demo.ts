import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientFiles, type Endpoints, endpointsFile } from './endpoints.ts'
import { whenAborted } from './interruption.ts'
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
  readonly makeClients: () => Promise<Readonly<Record<TourClient, ClientFiles>>>
  readonly checkPolicies: () => Promise<string>
  /** Ends what it has started when `interrupted` is aborted, at any moment. */
  readonly bringUp: (output: { stdout: number; stderr: number }) => Promise<Appliance>
  readonly interrupted: AbortSignal
}

/** Walks the tour and prints it. Answers 0 only when every step passed. Leaves nothing behind unless it is to be kept. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { folder, interrupted } = options
  const logFile = join(folder, 'appliance.log')
  let log: number | undefined
  let appliance: Appliance | undefined
  try {
    const output = openSync(logFile, 'a', 0o600)
    log = output
    const context: TourContext = {
      clients: await options.makeClients(),
      checkPolicies: options.checkPolicies,
      policies: join(folder, 'policies'),
      reloadPolicies() {
        const { app } = appliance?.endpoints().pids ?? {}
        if (app !== undefined) process.kill(app, 'SIGHUP')
      },
      linkMain: async () => appliance?.link(),
      async bringUp(): Promise<Endpoints> {
        appliance = await options.bringUp({ stdout: output, stderr: output })
        return appliance.endpoints()
      },
    }
    const outcomes = await walk(tourSteps, context, { interrupted, onOutcome: row(options) })
    if (interrupted.aborted) return tellInterrupted()
    const passed = outcomes.length === tourSteps.length && outcomes.every(({ ok }) => ok)
    report(options, outcomes, { passed, logFile })
    if (options.keep && appliance !== undefined) await stay(appliance, options)
    return passed ? 0 : 1
  } finally {
    await appliance?.stop()
    if (log !== undefined) closeSync(log)
    if (!options.keep) rmSync(folder, { recursive: true, force: true })
  }
}

function tellInterrupted(): number {
  console.error('postern: interrupted; everything that was started has ended')
  return 1
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
    `postern: still running, endpoints in ${endpointsFile(join(options.folder, 'data'))}; Ctrl-C ends it`,
  )
  const ending = await Promise.race([whenAborted(options.interrupted), appliance.gaveUp])
  if (ending !== undefined) console.error(`postern: ${ending.reason}`)
  console.error(`postern: its files stay in ${options.folder}`)
}
