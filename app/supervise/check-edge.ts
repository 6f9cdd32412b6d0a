import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import { prepareEdge } from './edge.ts'
import { findCaddy } from './find-caddy.ts'

/** Whether Caddy would take the edge this policy renders to. Tried in a folder of its own: nothing in force changes. */
export async function checkEdge(
  snapshot: PolicySnapshot,
  config: Config,
  searchPath: string,
): Promise<{ readonly ok: boolean; readonly error?: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-check-'))
  try {
    await prepareEdge(
      { config: { ...config, dataDir }, caddy: await findCaddy(config, searchPath) },
      snapshot,
    )
    return { ok: true }
  } catch (error) {
    if (!(error instanceof PosternError) || !error.code.startsWith('edge.')) throw error
    return { ok: false, error: error.message }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
