import { compareVersions } from '../../lib/version.ts'
import type { CaddyFound } from '../find-caddy.ts'
import { type Hole, holesOf, type Part } from './holes.ts'
import type { Verdict } from './verdict.ts'

/** What npm installs, and how it is called there. */
export const PACKAGES = { baileys: '@whiskeysockets/baileys', undici: 'undici', ws: 'ws' } as const
export type PackagePart = keyof typeof PACKAGES

export type Versions = {
  readonly node: string
  readonly caddy: CaddyFound
  /** Undefined where one is not installed. */
  readonly packages: Readonly<Record<PackagePart, string | undefined>>
  /** The oldest that will do; of packages, the one that was tested. */
  readonly pinned: Readonly<Record<Part, string>>
}

const NAMES: Readonly<Record<Part, string>> = {
  node: 'Node',
  caddy: 'Caddy',
  baileys: 'Baileys',
  undici: 'undici',
  ws: 'ws',
}

const OF_PACKAGES = 'run npm ci --omit=dev --ignore-scripts, or install the Postern that has a newer one'
const REMEDIES: Readonly<Record<Part, string>> = {
  node: 'install a newer Node, or remove .runtime/node: ./postern then gets the newest there is',
  caddy: 'install a newer Caddy, or remove .runtime/caddy: ./postern up then gets one',
  baileys: OF_PACKAGES,
  undici: OF_PACKAGES,
  ws: OF_PACKAGES,
}

/** Whether what Postern stands on is new enough, and free of the holes that are known. */
export function judgeVersions(
  { node, caddy, packages, pinned }: Versions,
  holes: readonly Hole[],
): readonly Verdict[] {
  const judge = (part: Part, version: string): Verdict => judgeVersion(part, version, { pinned, holes })
  return [
    judge('node', node),
    judgeCaddy(caddy, version => judge('caddy', version)),
    ...Object.keys(PACKAGES).map(name => {
      const part = name as PackagePart
      return judgePackage(part, packages[part], { tested: pinned[part], judge })
    }),
  ]
}

function judgeVersion(
  part: Part,
  version: string,
  { pinned, holes }: { readonly pinned: Versions['pinned']; readonly holes: readonly Hole[] },
): Verdict {
  const found = holesOf(holes, part, version)
  const isOld = compareVersions(version, pinned[part]) < 0
  const old = isOld ? [`older than ${pinned[part]}`] : []
  const faults = [...old, ...found.map(({ id, what, source }) => `${id} (${what}; ${source})`)]
  const detail = `${NAMES[part]} ${version}`
  if (faults.length === 0) return { check: part, verdict: 'ok', detail }
  const verdict = isOld || found.some(hole => hole.verdict !== 'warn') ? 'fail' : 'warn'
  return { check: part, verdict, detail: `${detail}: ${faults.join('; ')}`, remedy: REMEDIES[part] }
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

type PackageDeps = { readonly tested: string; readonly judge: (part: Part, version: string) => Verdict }

function judgePackage(
  part: PackagePart,
  version: string | undefined,
  { tested, judge }: PackageDeps,
): Verdict {
  const [check, remedy] = [part, REMEDIES[part]]
  if (version === undefined)
    return { check, verdict: 'fail', detail: `${NAMES[part]} is not installed`, remedy }
  const judged = judge(part, version)
  if (judged.verdict !== 'ok' || compareVersions(version, tested) === 0) return judged
  const detail = `${NAMES[part]} ${version} is newer than ${tested}, which was tested`
  return { check, verdict: 'warn', detail, remedy }
}
