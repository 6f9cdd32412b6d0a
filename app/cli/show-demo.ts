import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { runDemo } from '../supervise/demo.ts'
import { makeDemoClients } from '../supervise/demo-clients.ts'
import { interruption } from '../supervise/interruption.ts'
import { prepare } from '../supervise/prepare.ts'
import { freePortBase } from '../supervise/processes/ports.ts'
import { bringUp } from '../supervise/up.ts'
import type { DemoFlags } from './demo.ts'

export type DemoDeps = {
  readonly root: string
  /** First of the ports to use; free ones are looked for when absent. */
  readonly portBase: string | undefined
  /** The folders in which programs are looked for. */
  readonly searchPath: string
  readonly configure: (
    flags: { readonly sandbox: true; readonly policies: string; readonly data: string },
    overrides: Readonly<Record<string, string>>,
  ) => Config
}

/** Runs the demo in a temporary folder of its own; answers the exit code. */
export async function showDemo({ json, keep }: DemoFlags, deps: DemoDeps): Promise<number> {
  const { root, searchPath } = deps
  const interrupted = interruption()
  const folder = mkdtempSync(join(tmpdir(), 'postern-demo-'))
  const policies = join(folder, 'policies')
  const base = deps.portBase ?? String(await freePortBase(Math.random))
  const flags = { sandbox: true, policies, data: join(folder, 'data') } as const
  const config = deps.configure(flags, { POSTERN_PORT_BASE: base, POSTERN_SECRETS: join(folder, 'secrets') })
  return runDemo({
    folder,
    json,
    keep,
    makeClients() {
      cpSync(join(root, 'test', 'sandbox', 'policies'), policies, { recursive: true })
      return makeDemoClients(config)
    },
    interrupted,
    async checkPolicies() {
      const { rules, endpoints, principals } = await prepare(config, searchPath).then(
        ({ snapshot }) => snapshot,
      )
      return `${principals.size} principals, ${rules.length} rules, ${endpoints.size} endpoint, edge accepted by Caddy`
    },
    async bringUp(output) {
      const prepared = await prepare(config, searchPath)
      return bringUp({ config, ...prepared, output, interrupted, now: () => new Date(), random: Math.random })
    },
  })
}
