import type { PolicyFile } from '../model/policy-file.ts'
import { digestBesideRevoked, revocationsIn, withRevocations } from '../policy/revocations.ts'
import type { PolicyInForce } from '../policy/snapshot.ts'
import type { PolicyStore } from '../store/policies.ts'

/** What another set of files takes the place of. */
export type Left = {
  /** Absent when they are not kept. */
  readonly files?: readonly PolicyFile[] | undefined
  /** Once they are compiled. */
  readonly revokedSerials?: ReadonlySet<string>
}

/**
 * The files of a policy of before, when it takes the place of another without anybody having looked at what is in it: whom
 * that one shuts out by a revocation stays out. Every way back goes through here: rollback, probation, a start.
 */
export function comingBack(files: readonly PolicyFile[], left: Left): readonly PolicyFile[] {
  const told = revocationsIn(left.files ?? [])
  const serials = new Set(told.map(({ serial }) => serial))
  const untold = [...(left.revokedSerials ?? [])].filter(serial => !serials.has(serial))
  return withRevocations(files, [...told, ...untold.map(serial => ({ serial }))])
}

/** The files of a revision, as far as they are kept. */
export async function filesAs(revision: number, policies: Kept): Promise<readonly PolicyFile[] | undefined> {
  const entry = await policies.last({ result: 'applied', revision })
  return entry && policies.filesOf(entry.digest)
}

/** The files of the policy before: of the last revision that differed in more than revocations, which stay. */
export async function filesBefore(
  { revision, snapshot }: PolicyInForce,
  policies: Kept,
): Promise<readonly PolicyFile[] | undefined> {
  const now = await policies.filesOf(snapshot.digest)
  for (let n = Number(revision.slice(1)) - 1; n > 0; n--) {
    const files = await filesAs(n, policies)
    if (files === undefined || now === undefined) return files
    if (digestBesideRevoked(files) !== digestBesideRevoked(now)) return files
  }
  return undefined
}

type Kept = Pick<PolicyStore, 'last' | 'filesOf'>
