import { PosternError, reasonOf } from '../lib/error.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import { digestBesideRevoked } from '../policy/revocations.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import type { Store } from '../store/store.ts'
import type { Refused } from './activation.ts'
import { comingBack } from './coming-back.ts'
import type { ExamineDeps, Examined } from './examine/examine.ts'
import { examineOnce } from './examine/examine-once.ts'
import type { Recollection } from './examine/recollection.ts'
import { heldAgainst } from './obstacles.ts'
import { MOST_LIVES, unprovenIn } from './probation/lives.ts'

export type ChoiceDeps = ExamineDeps & {
  readonly readFolder: () => Promise<readonly PolicyFile[]>
  /** Absent before the first start. */
  readonly store?: {
    readonly policies: Pick<Store['policies'], 'refusalOf' | 'filesOf'>
    readonly meta: Pick<Store['meta'], 'get'>
  }
  /** Absent: everything is examined in full. */
  readonly recollection?: Recollection
}

/** The policy to start with. */
export type Choice = {
  readonly files: readonly PolicyFile[]
  readonly snapshot: PolicySnapshot
  /** Set when it is one that was in force before, in place of the folder's. */
  readonly inPlaceOf?: Replaced
}

/** Why the folder's policy is not the one to start with: it is pinned, it has errors, or the app keeps dying under it. */
export type Replaced =
  | { readonly why: 'pinned'; readonly digest: string }
  | { readonly why: 'rejected'; readonly rejected: Rejected }
  | {
      readonly why: 'deadly'
      readonly digest: string
      readonly besideRevoked: string
      readonly lives: number
    }

/** What was wrong with the folder. */
export type Rejected = Omit<Refused, 'kind' | 'policy'>

/**
 * The folder's policy, unless a rollback or a probation has left that one: then the one in force before goes on. So it does
 * when the app keeps dying under the folder's, and when the folder has errors and it says itself `onBadPolicyAtBoot:
 * last-known-good`. Throws PosternError `policy.rejected`.
 */
export async function choosePolicy(deps: ChoiceDeps): Promise<Choice> {
  const found = await folderOf(deps)
  if ('files' in found) {
    const { files } = found
    const instead = (await inPlaceOfPinned(files, deps)) ?? (await inPlaceOfDeadly(files, deps))
    if (instead !== undefined) return instead
    const examined = await examineOnce(files, deps)
    if (examined.kind === 'good') return { files, snapshot: examined.snapshot }
    const error = new PosternError('policy.rejected', `\n${examined.report}`)
    return fallBack({ rejected: examined, error, files }, deps)
  }
  const { error } = found
  const message = reasonOf(error)
  return fallBack({ rejected: { at: 'check', first: { message }, report: message }, error, files: [] }, deps)
}

async function folderOf({
  readFolder,
}: ChoiceDeps): Promise<{ readonly files: readonly PolicyFile[] } | { readonly error: PosternError }> {
  try {
    return { files: await readFolder() }
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    return { error }
  }
}

async function fallBack(
  { rejected, error, files }: { rejected: Rejected; error: PosternError; files: readonly PolicyFile[] },
  deps: ChoiceDeps,
): Promise<Choice> {
  const kept = await lastInForce(files, deps)
  if (kept?.kind !== 'good' || kept.snapshot.onBadPolicyAtBoot !== 'last-known-good') throw error
  const { at, digest, first, report } = rejected
  const told = { at, first, report, ...(digest === undefined ? {} : { digest }) }
  return { files: kept.files, snapshot: kept.snapshot, inPlaceOf: { why: 'rejected', rejected: told } }
}

async function inPlaceOfPinned(folder: readonly PolicyFile[], deps: ChoiceDeps): Promise<Choice | undefined> {
  const refusal = deps.store && (await heldAgainst(folder, deps.store.policies))
  if (refusal === undefined || refusal.because === 'rejected') return undefined
  const kept = await lastInForce(folder, deps)
  if (kept?.kind === 'bad') throw new PosternError('policy.rejected', `\n${kept.report}`)
  if (kept === undefined) return undefined
  const { files, snapshot } = kept
  return { files, snapshot, inPlaceOf: { why: 'pinned', digest: policyDigest(folder) } }
}

/** Nothing when there is none to go back to, or none that can be read any more. */
async function inPlaceOfDeadly(folder: readonly PolicyFile[], deps: ChoiceDeps): Promise<Choice | undefined> {
  const digest = policyDigest(folder)
  const unproven = deps.store && (await unprovenIn(deps.store.meta))
  if (unproven?.digest !== digest || unproven.lives < MOST_LIVES) return undefined
  const kept = await keptAs(unproven.trusted, folder, deps)
  if (kept?.kind !== 'good') return undefined
  const { files, snapshot } = kept
  const besideRevoked = digestBesideRevoked(folder)
  return { files, snapshot, inPlaceOf: { why: 'deadly', digest, besideRevoked, lives: unproven.lives } }
}

type Kept = Examined & { readonly files: readonly PolicyFile[] }

async function lastInForce(folder: readonly PolicyFile[], deps: ChoiceDeps): Promise<Kept | undefined> {
  const digest = await deps.store?.meta.get('policy.digest')
  return digest === undefined ? undefined : keptAs(digest, folder, deps)
}

/** With what the folder revokes, whatever else is wrong with it. */
async function keptAs(
  digest: string,
  folder: readonly PolicyFile[],
  deps: ChoiceDeps,
): Promise<Kept | undefined> {
  const kept = await deps.store?.policies.filesOf(digest)
  if (kept === undefined) return undefined
  const files = comingBack(kept, { files: folder })
  return { ...(await examineOnce(files, { ...deps, of: 'return' })), files }
}
