import { Command } from 'commander'
import { bundleCommands } from './bundle.ts'
import { type CheckDeps, checkCommand } from './check.ts'
import { explainCommand } from './explain.ts'
import { fmtCommand } from './fmt.ts'
import { planCommand } from './plan.ts'
import { renderCommand } from './render.ts'
import { schemaCommand } from './schema.ts'
import { testCommand } from './test.ts'

export type PolicyDeps = CheckDeps & { readonly now: () => Date }

/** `postern policy`: what can be done with policy files on disk. No running appliance is needed. */
export function policyCommand(deps: PolicyDeps): Command {
  const policy = new Command('policy')
    .description('check, test, format, compare and sign policy files, and explain their errors and decisions')
    .addCommand(checkCommand(deps))
    .addCommand(testCommand(deps.configure))
    .addCommand(fmtCommand(deps.configure))
    .addCommand(planCommand(deps.configure))
    .addCommand(renderCommand(deps.configure))
    .addCommand(schemaCommand())
    .addCommand(explainCommand(deps.configure, deps.now))
  for (const command of bundleCommands(deps.configure)) policy.addCommand(command)
  return policy
}
