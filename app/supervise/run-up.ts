import type { Config } from '../config/config.ts'
import { exitCodeOf, reasonOf } from '../lib/error.ts'
import { prepare } from './prepare.ts'
import { type Appliance, bringUp } from './up.ts'

const DISCLAIMER =
  'Postern is unofficial and not affiliated with WhatsApp or Meta. Automation can get a number restricted or banned.'

/** `postern up`: prepares, starts, announces, and stays until Ctrl-C or until a part cannot be kept up. Answers the exit code. */
export async function runUp(config: Config, searchPath: string): Promise<number> {
  const interrupted = interruption()
  let appliance: Appliance | undefined
  try {
    const prepared = await prepare(config, searchPath)
    const output = { stdout: process.stdout.fd, stderr: process.stderr.fd }
    appliance = await bringUp({ config, ...prepared, output, now: () => new Date(), random: Math.random })
    if (config.sandbox) await appliance.link()
    appliance.announce()
    greet(config, appliance)
    const ending = await Promise.race([interrupted, appliance.gaveUp])
    if (ending !== undefined) console.error(`postern: ${ending.reason}`)
    return ending?.exitCode ?? 0
  } catch (error) {
    console.error(`postern: ${reasonOf(error)}`)
    return error instanceof Error && 'exitCode' in error ? Number(error.exitCode) : exitCodeOf(error)
  } finally {
    await appliance?.stop()
  }
}

/** Resolves at the first Ctrl-C or SIGTERM. */
export function interruption(): Promise<undefined> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(undefined))
  })
}

function greet(config: Config, appliance: Appliance): void {
  const { api, dashboard } = appliance.endpoints()
  if (config.sandbox)
    console.error('postern: SANDBOX: WhatsApp is simulated, no real account can be linked here')
  else console.error(`postern: ${DISCLAIMER}`)
  console.error(
    `postern: ready. api ${api}, dashboard ${dashboard}; endpoints in ${config.dataDir}/run/endpoints.json`,
  )
}
