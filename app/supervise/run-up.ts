import type { Config } from '../config/config.ts'
import { exitCodeOf, reasonOf } from '../lib/error.ts'
import { explainSystemError } from '../lib/system-error.ts'
import { endpointsFile, removeEndpoints } from './endpoints.ts'
import { interruption, whenAborted } from './interruption.ts'
import { prepare } from './prepare.ts'
import { claimDataFolder } from './processes/claim.ts'
import type { Ending } from './processes/crew.ts'
import { PartFailure } from './processes/part.ts'
import { sandboxLogin } from './sandbox.ts'
import { type Appliance, bringUp } from './up.ts'

const DISCLAIMER =
  'Postern is unofficial and not affiliated with WhatsApp or Meta. Automation can get a number restricted or banned.'

const CLOCK: Clock = { now: () => new Date(), random: Math.random }

/** What the supervisor measures the lives of its parts with, and the dice of its backoff. */
export type Clock = { readonly now: () => Date; readonly random: () => number }

/** `postern up`: prepares, starts, announces, and stays until Ctrl-C or until a part cannot be kept up. Answers the exit code. */
export async function runUp(config: Config, searchPath: string, clock: Clock = CLOCK): Promise<number> {
  const interrupted = interruption()
  let claim: { release(): void } | undefined
  let appliance: Appliance | undefined
  try {
    claim = claimDataFolder(config.dataDir)
    removeEndpoints(config.dataDir) // of a start before that could not clear up
    console.error('postern: checking policies, keys and the edge')
    const prepared = await prepare(config, searchPath)
    console.error('postern: starting')
    const output = { stdout: process.stdout.fd, stderr: process.stderr.fd }
    appliance = await bringUp({ config, ...prepared, output, interrupted, ...clock })
    const ending = await Promise.race([whenAborted(interrupted), appliance.gaveUp, stay(config, appliance)])
    if (ending !== undefined) console.error(`postern: ${ending.reason}`)
    return ending?.exitCode ?? 0
  } catch (error) {
    if (interrupted.aborted) return 0
    return tellFailure(error)
  } finally {
    await appliance?.stop()
    claim?.release()
  }
}

/** Says that everything answers. Rejects when it does not; otherwise it has no end of its own. */
async function stay(config: Config, appliance: Appliance): Promise<Ending> {
  if (config.sandbox) await appliance.link()
  appliance.announce()
  greet(config, appliance)
  return new Promise(() => {})
}

function tellFailure(error: unknown): number {
  console.error(`postern: ${explainSystemError(error) ?? reasonOf(error)}`)
  if (!(error instanceof PartFailure)) return exitCodeOf(error)
  console.error('postern: what it said itself stands above')
  return error.exitCode
}

function greet(config: Config, appliance: Appliance): void {
  const { api, dashboard } = appliance.endpoints()
  if (config.sandbox) {
    console.error('postern: SANDBOX: WhatsApp is simulated, no real account can be linked here')
    console.error(`postern: dashboard: ${sandboxLogin(config)}`)
  } else console.error(`postern: ${DISCLAIMER}`)
  console.error(
    `postern: ready. api ${api}, dashboard ${dashboard}; endpoints in ${endpointsFile(config.dataDir)}; Ctrl-C ends it`,
  )
}
