import { compareVersions } from '../../lib/version.ts'
import type { CaddyFound } from '../find-caddy.ts'
import { type Hole, holesOf, type Part } from './holes.ts'

/** One line of `doctor`. A remedy stands beside everything that is not well. */
export type Verdict = {
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly remedy?: string
}

export type Versions = {
  readonly node: string
  readonly caddy: CaddyFound
  /** Undefined when it is not installed. */
  readonly baileys: string | undefined
  /** The oldest that will do; of Baileys, the one that was tested. */
  readonly pinned: Readonly<Record<Part, string>>
}

const REMEDIES: Readonly<Record<Part, string>> = {
  node: 'install a newer Node, or remove .runtime/node: ./postern then gets one',
  caddy: 'install a newer Caddy, or remove .runtime/caddy: ./postern up then gets one',
  baileys: 'run npm ci --omit=dev --ignore-scripts, or install the Postern that has a newer one',
}

/** Whether Node, Caddy and Baileys are new enough, and free of the holes that are known. */
export function judgeVersions(
  { node, caddy, baileys, pinned }: Versions,
  holes: readonly Hole[],
): readonly Verdict[] {
  const judge = (part: Part, name: string, version: string): Verdict => {
    const found = holesOf(holes, part, version).map(({ id, what }) => `${id} (${what})`)
    const old = compareVersions(version, pinned[part]) < 0 ? [`older than ${pinned[part]}`] : []
    const faults = [...old, ...found]
    if (faults.length === 0) return { check: part, verdict: 'ok', detail: `${name} ${version}` }
    const detail = `${name} ${version}: ${faults.join('; ')}`
    return { check: part, verdict: 'fail', detail, remedy: REMEDIES[part] }
  }
  return [
    judge('node', 'Node', node),
    judgeCaddy(caddy, version => judge('caddy', 'Caddy', version)),
    judgeBaileys(baileys, pinned.baileys, version => judge('baileys', 'Baileys', version)),
  ]
}

/** Without one, containers still have their own. */
function judgeCaddy(caddy: CaddyFound, judge: (version: string) => Verdict): Verdict {
  if (caddy.kind === 'found') return judge(caddy.version)
  const old = caddy.tried.find(({ version }) => version !== undefined)?.version
  if (old !== undefined) return judge(old)
  const tried = caddy.tried.map(({ path, verdict }) => `${path} ${verdict}`).join('; ')
  const detail = tried === '' ? 'no Caddy found' : `no Caddy found: ${tried}`
  return {
    check: 'caddy',
    verdict: 'warn',
    detail,
    remedy: './postern up gets one; containers bring their own',
  }
}

function judgeBaileys(
  version: string | undefined,
  tested: string,
  judge: (version: string) => Verdict,
): Verdict {
  const check = 'baileys'
  if (version === undefined)
    return { check, verdict: 'fail', detail: 'Baileys is not installed', remedy: REMEDIES.baileys }
  const judged = judge(version)
  if (judged.verdict === 'fail' || compareVersions(version, tested) === 0) return judged
  return {
    check,
    verdict: 'warn',
    detail: `Baileys ${version} is newer than ${tested}, which was tested`,
    remedy: REMEDIES.baileys,
  }
}
