import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import { PosternError } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import { policyDigest } from '../../policy/digest.ts'
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
import { type Trial, trialAfterLoss, trialOf, trialText } from './probation.ts'
import {
  BLOCKED,
  CHECK_FAILED,
  collect,
  DRIFT,
  REVERTED,
  SIGNATURE_FAILED,
  STALE,
  TESTS_FAILED,
} from './read.ts'

const SIGNATURE_CODES = 'PS-6'

type Flags = { readonly data?: string; readonly policies?: string; readonly json?: boolean }

type ApplyFlags = Flags & { readonly tag: readonly string[]; readonly wait: boolean }
type ApplyBody = {
  readonly files?: readonly PolicyFile[]
  readonly commit?: string
  readonly tags?: readonly string[]
  readonly plan?: { readonly old: string; readonly new: string }
}

/** What is to be applied, and its digest as far as it is known. */
type Wanted = ApplyBody & { readonly digest: string | null }

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
  const { digest, ...folder } = policies === undefined ? await ownFolder(config) : await otherFolder(policies)
  const tags = [...flags.tag, ...(planned?.tags ?? [])]
  const body: ApplyBody = {
    ...folder,
    ...(tags.length === 0 ? {} : { tags }),
    ...(planned && { plan: { old: planned.old, new: planned.new } }),
  }
  const activation = await askToApply(config, body)
  if (activation === undefined && digest !== null)
    return tellTrial(await trialAfterLoss(digest, config), { digest }, flags)
  if (activation === undefined)
    throw new PosternError('control.lost', 'the appliance ended before it answered')
  if (!activation.probation_until || !flags.wait) return tell(activation, flags)
  if (!flags.json) console.log(activationText(activation))
  tellTrial(await trialOf(activation, config), activation, flags)
}

/** Undefined when the appliance ended without an answer: what it was to put in force may be the reason. */
async function askToApply(config: Config, body: ApplyBody): Promise<ShownActivation | undefined> {
  try {
    return await tellControl<ShownActivation>(config, { path: '/v1/policy/apply', body })
  } catch (error) {
    if (!(error instanceof PosternError) || error.code !== 'control.lost') throw error
    console.error('postern: the appliance ended while it took the policy up; waiting for what becomes of it')
    return undefined
  }
}

function tellTrial(
  trial: Trial,
  of: Partial<ShownActivation> & { readonly digest: string },
  flags: Flags,
): void {
  console.log(flags.json ? JSON.stringify({ ...of, ...trial }) : trialText(trial, of.revision ?? of.digest))
  if (trial.probation === 'reverted') process.exitCode = REVERTED
}

/** The commit of our folder counts only when the appliance reads the same in its own: it may have been started with another. */
async function ownFolder(config: Config): Promise<Wanted> {
  const { disk } = await tellControl<ShownStatus>(config, { path: '/v1/policy' })
  const { digest } = disk
  const files = await readPolicyFolder(config.policiesDir).catch(() => undefined)
  if (files === undefined || policyDigest(files) !== digest) return { digest }
  return withCommit({ digest }, config.policiesDir)
}

async function otherFolder(folder: string): Promise<Wanted> {
  const files = await readPolicyFolder(folder)
  return withCommit({ files, digest: policyDigest(files) }, folder)
}

async function withCommit(body: Wanted, folder: string): Promise<Wanted> {
  const commit = await gitCommit(folder)
  return commit === undefined ? body : { ...body, commit }
}

/** Prints what became of a change and sets the exit code of policy.md section 3. */
function tell(activation: ShownActivation, flags: Flags): void {
  print(activation, flags, activationText)
  if (activation.result === 'refused') process.exitCode = exitOf(activation)
}

function exitOf({ refused_by, error }: ShownActivation): number {
  switch (refused_by) {
    case 'check':
      return error?.code?.startsWith(SIGNATURE_CODES) ? SIGNATURE_FAILED : CHECK_FAILED
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
