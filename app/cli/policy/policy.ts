import { Command } from 'commander'
import type { RunningDeps } from '../running.ts'
import { bundleCommands } from './bundle.ts'
import { type CheckDeps, checkCommand } from './check.ts'
import { explainCommand } from './explain.ts'
import { fmtCommand } from './fmt.ts'
import { inForceCommands } from './in-force.ts'
import { planCommand } from './plan.ts'
import { renderCommand } from './render.ts'
import { replayCommand } from './replay.ts'
import { schemaCommand } from './schema.ts'
import { testCommand } from './test.ts'

export type PolicyDeps = CheckDeps & RunningDeps & { readonly now: () => Date }

/** `postern policy`: policy files on disk, which need no running appliance, and the policy that one has in force. */
export function policyCommand(deps: PolicyDeps): Command {
  const policy = new Command('policy')
    .description('check, test, format, compare, sign and explain policy files, and put them in force')
    .addCommand(checkCommand(deps))
    .addCommand(testCommand(deps.configure))
    .addCommand(fmtCommand(deps.configure))
    .addCommand(planCommand(deps))
    .addCommand(renderCommand(deps.configure))
    .addCommand(schemaCommand())
    .addCommand(explainCommand(deps.configure, deps.now))
    .addCommand(replayCommand(deps))
  for (const command of bundleCommands(deps.configure)) policy.addCommand(command)
  for (const command of inForceCommands(deps)) policy.addCommand(command)
  return policy
}
