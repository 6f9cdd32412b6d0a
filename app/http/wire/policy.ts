import type { PolicyInForce } from '../../policy/snapshot.ts'
import type { Activation, FirstFault } from '../../reload/activation.ts'
import type { PolicyStatus } from '../../reload/policies.ts'
import type { PolicyEntry } from '../../store/policies.ts'

/** What is in force, what lies in the folder, and what was refused last. */
export function statusJson(
  { live, disk, rejected, degraded, probation }: PolicyStatus,
  policy: PolicyInForce,
): object {
  const { digest, reload } = policy.snapshot
  const onDisk = 'digest' in disk ? disk.digest : null
  return {
    live: {
      revision: policy.revision,
      digest,
      at: live?.at.toISOString() ?? null,
      by: live?.principal ?? null,
      reason: live?.reason ?? null,
      commit: live?.commit ?? null,
    },
    disk: { digest: onDisk, in_force: onDisk === digest, error: disk.first ? faultJson(disk.first) : null },
    rejected: rejected === undefined ? null : entryJson(rejected),
    degraded,
    reload: { mode: reload.mode },
    probation: probation ? { revision: probation.revision, until: probation.until.toISOString() } : null,
  }
}

export function entryJson(entry: PolicyEntry): object {
  return {
    at: entry.at.toISOString(),
    revision: entry.revision === undefined ? null : `r${entry.revision}`,
    digest: entry.digest,
    result: entry.result,
    by: entry.principal,
    reason: entry.reason,
    commit: entry.commit ?? null,
    error: entry.error ?? null,
  }
}

/** What became of an attempt; a refusal is an answer, not a failure of the request. */
export function activationJson(activation: Activation): object {
  const { kind, policy } = activation
  const inForce = { result: kind, revision: policy.revision, digest: policy.snapshot.digest }
  switch (kind) {
    case 'applied':
      return {
        ...inForce,
        edge_reloaded: activation.edgeReloaded,
        probation_until: activation.probationUntil?.toISOString() ?? null,
      }
    case 'unchanged':
      return { ...inForce, edge_reloaded: activation.edgeReloaded }
    case 'refused':
      return {
        ...inForce,
        refused_by: activation.at,
        refused: activation.digest ?? null,
        error: faultJson(activation.first),
        report: activation.report,
      }
  }
}

function faultJson({ code, place, message }: FirstFault): object {
  return { code: code ?? null, place: place ?? null, message }
}
