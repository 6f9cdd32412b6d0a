import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { policyDigest } from '../../policy/load.ts'
import { tellControl } from '../control.ts'
import { print, type RunningDeps, runningCommand } from '../running.ts'
import { gitCommit } from './git-commit.ts'
import {
  activationText,
  driftText,
  historyText,
  type ShownActivation,
  type ShownHistory,
  type ShownStatus,
  statusText,
} from './in-force-text.ts'
import { readPlanFile } from './plan-file.ts'
import { trialOf, trialText } from './probation.ts'
import { BLOCKED, CHECK_FAILED, collect, DRIFT, REVERTED, STALE, TESTS_FAILED } from './read.ts'

type Flags = { readonly data?: string; readonly policies?: string; readonly json?: boolean }

type ApplyFlags = Flags & { readonly tag: readonly string[]; readonly wait: boolean }
type ApplyBody = {
  readonly files?: readonly PolicyFile[]
  readonly commit?: string
  readonly tags?: readonly string[]
  readonly plan?: { readonly old: string; readonly new: string }
}

/** The verbs about the policy that the running appliance has in force. */
export function inForceCommands({ configure }: RunningDeps): readonly Command[] {
  const asked = (verb: string, description: string) => runningCommand(verb, description, `policy ${verb}`)
  return [
    asked('apply', 'put the policy folder in force in the running appliance, and wait for its probation')
      .argument('[plan]', 'a file of policy plan -o: exactly that, or nothing and exit 8')
      .option('--no-wait', 'do not wait for the end of the probation')
      .option('--policies <dir>', 'another folder than the one the appliance was started with')
      .option('--tag <name>', 'a tag that guardrails ask for (may be given again)', collect, [])
      .action(async (plan: string | undefined, flags: ApplyFlags) => {
        await apply(configure(flags), plan, flags)
      }),
    asked('status', 'what is in force, what lies in the folder, what was refused last').action(
      async (flags: Flags) => {
        print(await tellControl<ShownStatus>(configure(flags), { path: '/v1/policy' }), flags, statusText)
      },
    ),
    asked('history', 'every attempt to put a policy in force, newest first').action(async (flags: Flags) => {
      print(
        await tellControl<ShownHistory>(configure(flags), { path: '/v1/policy/history' }),
        flags,
        historyText,
      )
    }),
    asked('rollback', 'go back to a revision; the one that is left is pinned until edited or unpinned')
      .argument('[revision]', 'such as r41 (default: the one before)')
      .action(async (revision: string | undefined, flags: Flags) => {
        const body = revision === undefined ? {} : { revision }
        tell(
          await tellControl<ShownActivation>(configure(flags), { path: '/v1/policy/rollback', body }),
          flags,
        )
      }),
    asked('unpin', 'let policies that were refused or left by a rollback be tried again').action(
      async (flags: Flags) => {
        const done = await tellControl<{ unpinned: number }>(configure(flags), {
          method: 'POST',
          path: '/v1/policy/unpin',
        })
        print(done, flags, ({ unpinned }) => `${unpinned} unpinned`)
      },
    ),
    asked('drift', 'whether the folder is what is in force')
      .option('--detailed-exitcode', 'exit 5 when it is not')
      .action(async (flags: Flags & { readonly detailedExitcode?: true }) => {
        const status = await tellControl<ShownStatus>(configure(flags), { path: '/v1/policy' })
        print({ drift: !status.disk.in_force, ...status }, flags, driftText)
        if (flags.detailedExitcode && !status.disk.in_force) process.exitCode = DRIFT
      }),
  ]
}

async function apply(config: Config, planFile: string | undefined, flags: ApplyFlags): Promise<void> {
  const { policies } = flags
  const planned = planFile === undefined ? undefined : await readPlanFile(planFile)
  const folder = policies === undefined ? await ownFolder(config) : await otherFolder(policies)
  const tags = [...flags.tag, ...(planned?.tags ?? [])]
  const body: ApplyBody = {
    ...folder,
    ...(tags.length === 0 ? {} : { tags }),
    ...(planned && { plan: { old: planned.old, new: planned.new } }),
  }
  const activation = await tellControl<ShownActivation>(config, { path: '/v1/policy/apply', body })
  if (!activation.probation_until || !flags.wait) return tell(activation, flags)
  if (!flags.json) console.log(activationText(activation))
  const trial = await trialOf(activation, config)
  console.log(flags.json ? JSON.stringify({ ...activation, ...trial }) : trialText(trial, activation))
  if (trial.probation === 'reverted') process.exitCode = REVERTED
}

/** The commit of our folder counts only when the appliance reads the same in its own: it may have been started with another. */
async function ownFolder(config: Config): Promise<ApplyBody> {
  const { disk } = await tellControl<ShownStatus>(config, { path: '/v1/policy' })
  const files = await readPolicyFolder(config.policiesDir).catch(() => undefined)
  if (files === undefined || policyDigest(files) !== disk.digest) return {}
  return withCommit({}, config.policiesDir)
}

async function otherFolder(folder: string): Promise<ApplyBody> {
  return withCommit({ files: await readPolicyFolder(folder) }, folder)
}

async function withCommit(body: ApplyBody, folder: string): Promise<ApplyBody> {
  const commit = await gitCommit(folder)
  return commit === undefined ? body : { ...body, commit }
}

/** Prints what became of a change and sets the exit code of policy.md section 3. */
function tell(activation: ShownActivation, flags: Flags): void {
  print(activation, flags, activationText)
  if (activation.result === 'refused') process.exitCode = exitOf(activation.refused_by)
}

function exitOf(obstacle: ShownActivation['refused_by']): number {
  switch (obstacle) {
    case 'check':
    case 'edge':
      return CHECK_FAILED
    case 'tests':
      return TESTS_FAILED
    case 'guardrail':
      return BLOCKED
    case 'stale':
      return STALE
    case 'remembered':
    case 'probation':
      return REVERTED
    default:
      return 1
  }
}
