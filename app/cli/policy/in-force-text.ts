import type { Obstacle } from '../../reload/activation.ts'
import { table } from '../table.ts'

/** What the API answers, as far as commands print it. */
export type ShownActivation = {
  readonly result: 'applied' | 'unchanged' | 'refused'
  readonly revision: string
  readonly digest: string
  readonly edge_reloaded?: boolean
  readonly probation_until?: string | null
  readonly refused_by?: Obstacle
  readonly error?: ShownFault
  readonly report?: string
}

export type ShownEntry = {
  readonly at: string
  readonly revision: string | null
  readonly digest: string
  readonly result: string
  readonly by: string
  readonly reason: string
  readonly commit: string | null
  readonly error: string | null
}

export type ShownHistory = { readonly data: readonly ShownEntry[] }

type ShownFault = { readonly code: string | null; readonly place: string | null; readonly message: string }

export type ShownStatus = {
  readonly live: Omit<ShownEntry, 'result' | 'error' | 'at' | 'by' | 'reason'> & {
    readonly at: string | null
    readonly by: string | null
    readonly reason: string | null
  }
  readonly disk: {
    readonly digest: string | null
    readonly in_force: boolean
    readonly error: ShownFault | null
  }
  readonly rejected: ShownEntry | null
  readonly degraded: boolean
  readonly reload: { readonly mode: string }
  readonly probation: { readonly revision: string; readonly until: string } | null
}

const DIGEST_SHOWN = 'sha256:'.length + 12

export function activationText(activation: ShownActivation): string {
  const { result, revision, digest, edge_reloaded, probation_until, report } = activation
  switch (result) {
    case 'applied':
      return [
        `${revision} is in force: ${short(digest)}`,
        ...(edge_reloaded ? ['the edge was reloaded'] : []),
        ...(probation_until ? [`on probation until ${probation_until}`] : []),
      ].join(', ')
    case 'unchanged':
      return `${revision} is in force already: ${short(digest)}${edge_reloaded ? ', the edge was reloaded' : ''}`
    case 'refused':
      return report ?? 'refused'
  }
}

export function statusText({ live, disk, rejected, degraded, reload, probation }: ShownStatus): string {
  const lines = [
    ...(degraded ? ['DEGRADED  the folder had errors at the start: the last known good policy runs'] : []),
    `live      ${live.revision} ${short(live.digest)}${live.at === null ? '' : ` since ${live.at} by ${live.by} (${live.reason})`}${git(live.commit)}`,
    `disk      ${diskText(disk)}`,
    `rejected  ${rejected === null ? 'none' : `${short(rejected.digest)} ${rejected.at}${git(rejected.commit)}: ${rejected.error}`}`,
    `reload    ${reload.mode}`,
    ...(probation === null ? [] : [`probation ${probation.revision} until ${probation.until}`]),
  ]
  return lines.join('\n')
}

export function driftText({ disk, live }: ShownStatus): string {
  return disk.in_force ? `no drift: the folder is ${live.revision}` : `drift: the folder is ${diskText(disk)}`
}

export function historyText({ data }: ShownHistory): string {
  const rows = data.map(({ at, revision, digest, result, by, reason, commit, error }) => [
    ...[at, revision ?? '-', result, short(digest), `${by} (${reason})`],
    [commit?.slice(0, 7), error].filter(part => part != null).join(' '),
  ])
  return table(['AT', 'REVISION', 'RESULT', 'DIGEST', 'BY', 'COMMIT, ERROR'], rows)
}

function diskText({ digest, in_force, error }: ShownStatus['disk']): string {
  if (in_force) return 'the same'
  const what = digest === null ? 'not readable' : `${short(digest)}, not in force`
  if (error === null) return what
  return `${what}: ${[error.code, error.place, error.message].filter(part => part !== null).join(' ')}`
}

function short(digest: string): string {
  return digest.slice(0, DIGEST_SHOWN)
}

function git(commit: string | null): string {
  return commit === null ? '' : `, git ${commit}`
}
