import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config/config.ts'
import { PosternError } from '../../lib/error.ts'
import { tellControl } from '../control.ts'
import type { ShownActivation, ShownStatus } from './in-force-text.ts'

/** How the trial of a policy ended. `superseded`: another one was put in force in the meantime. */
export type Trial =
  | { readonly probation: 'passed' | 'superseded' }
  | { readonly probation: 'reverted'; readonly error: string | null }

const ASK_EVERY_MS = 500
/** An appliance that ended while it took a policy up has lived with it long enough when it has run so long again. */
const SETTLED_MS = 11_000
/** What asking an appliance that starts again comes to. */
const AWAY: ReadonlySet<string> = new Set(['control.not_running', 'control.lost'])
/** `up` waits a minute for each start, and a policy that the app dies of is left after the third. */
const AWAY_MS = 3 * 60_000

/** Waits for the end of the trial of what was applied. */
export async function trialOf({ revision, digest }: ShownActivation, config: Config): Promise<Trial> {
  for (;;) {
    const { live, rejected, probation } = await statusOf(config)
    if (probation?.revision === revision) await sleep(ASK_EVERY_MS)
    else if (live.revision === revision) return { probation: 'passed' }
    else if (rejected?.digest === digest) return { probation: 'reverted', error: rejected.error }
    else return { probation: 'superseded' }
  }
}

/** What became of a policy that the appliance was asked to apply when it ended without an answer. */
export async function trialAfterLoss(digest: string, config: Config): Promise<Trial> {
  let settledAt: number | undefined
  for (;;) {
    const { live, rejected, probation } = await statusOf(config)
    if (live.digest !== digest)
      return rejected?.digest === digest
        ? { probation: 'reverted', error: rejected.error }
        : { probation: 'superseded' }
    settledAt ??= performance.now() + SETTLED_MS
    if (probation === null && performance.now() > settledAt) return { probation: 'passed' }
    await sleep(ASK_EVERY_MS)
  }
}

export function trialText(trial: Trial, revision: string): string {
  switch (trial.probation) {
    case 'passed':
      return `${revision} has passed its probation`
    case 'superseded':
      return `another policy took the place of ${revision} before its probation was over`
    case 'reverted':
      return `${revision} was taken back, the policy before is in force again: ${trial.error}`
  }
}

async function statusOf(config: Config): Promise<ShownStatus> {
  const deadline = performance.now() + AWAY_MS
  for (;;) {
    try {
      return await tellControl<ShownStatus>(config, { path: '/v1/policy' })
    } catch (error) {
      const isAway = error instanceof PosternError && AWAY.has(error.code)
      if (!isAway || performance.now() > deadline) throw error
      await sleep(ASK_EVERY_MS)
    }
  }
}
