import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { lookForCaddy, MINIMUM_CADDY } from '../find-caddy.ts'
import { examineCertificates } from './certificates.ts'
import { examineClock, isClockKept } from './clock.ts'
import { examineFfmpeg } from './ffmpeg.ts'
import { examineFiles, type Places } from './files.ts'
import { type Ask, examineDisk, examineHealth } from './health.ts'
import { knownHoles } from './holes.ts'
import type { Verdict } from './verdict.ts'
import { judgeVersions, PACKAGES, type PackagePart, type Versions } from './versions.ts'

export type ExamineDeps = { readonly searchPath: string; readonly now: Date; readonly ask: Ask }

type Package = {
  readonly version?: string
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Looks at this installation; asks nobody outside, and changes nothing. */
export async function examine(
  config: Places & Pick<Config, 'caddy'>,
  { searchPath, now, ask }: ExamineDeps,
): Promise<readonly Verdict[]> {
  return [
    ...(await examineVersions(config, searchPath)),
    ...examineFiles(config),
    ...examineCertificates(config, now),
    await examineClock(config, { now, isKept: isClockKept }),
    ...(await examineDisk(config.dataDir)),
    ...(await examineHealth(config.dataDir, ask)),
    await examineFfmpeg(searchPath),
  ]
}

/** What Postern stands on: Node, Caddy and the packages that speak to others. */
export async function examineVersions(
  config: Pick<Config, 'root' | 'caddy'>,
  searchPath: string,
): Promise<readonly Verdict[]> {
  const { engines, dependencies } = packageIn(config.root) ?? {}
  const pinned = (part: PackagePart) => dependencies?.[PACKAGES[part]] ?? ''
  const installed = (part: PackagePart) =>
    packageIn(join(config.root, 'node_modules', PACKAGES[part]))?.version
  const versions: Versions = {
    node: process.versions.node,
    caddy: await lookForCaddy(config, searchPath),
    packages: { baileys: installed('baileys'), undici: installed('undici'), ws: installed('ws') },
    pinned: {
      node: (engines?.node ?? '').replace(/^>=/, ''),
      caddy: MINIMUM_CADDY,
      baileys: pinned('baileys'),
      undici: pinned('undici'),
      ws: pinned('ws'),
    },
  }
  return judgeVersions(versions, knownHoles())
}

function packageIn(folder: string): Package | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Package) : undefined
}
