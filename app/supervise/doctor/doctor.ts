import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { lookForCaddy, MINIMUM_CADDY } from '../find-caddy.ts'
import { knownHoles } from './holes.ts'
import { judgeVersions, type Verdict } from './versions.ts'

const BAILEYS = '@whiskeysockets/baileys'

type Package = {
  readonly version?: string
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Looks at this installation; asks nobody outside, and changes nothing. */
export async function examine(
  config: Pick<Config, 'root' | 'caddy'>,
  searchPath: string,
): Promise<readonly Verdict[]> {
  const { engines, dependencies } = packageIn(config.root) ?? {}
  const versions = {
    node: process.versions.node,
    caddy: await lookForCaddy(config, searchPath),
    baileys: packageIn(join(config.root, 'node_modules', BAILEYS))?.version,
    pinned: {
      node: (engines?.node ?? '').replace(/^>=/, ''),
      caddy: MINIMUM_CADDY,
      baileys: dependencies?.[BAILEYS] ?? '',
    },
  }
  return judgeVersions(versions, knownHoles())
}

function packageIn(folder: string): Package | undefined {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Package) : undefined
}
