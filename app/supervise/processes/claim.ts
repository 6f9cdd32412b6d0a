import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../../lib/error.ts'
import { privateFolder } from '../../lib/replace-file.ts'
import { lockDataFolder } from '../../store/database/lock.ts'

/**
 * Takes the data folder for this supervisor before anything in it is written, until `release` or our end, however it ends.
 * Throws PosternError `up.running`, with the process to stop, when another supervisor has it.
 */
export function claimDataFolder(dataDir: string): { release(): void } {
  const folder = join(dataDir, 'run')
  privateFolder(folder)
  try {
    return lockDataFolder(folder)
  } catch (cause) {
    if (!(cause instanceof PosternError) || cause.code !== 'store.locked') throw cause
    const pid = supervisorIn(folder)
    const who = pid === undefined ? '' : ` as process ${pid}`
    const remedy = pid === undefined ? 'stop it first' : `stop it first (kill ${pid})`
    throw new PosternError(
      'up.running',
      `an appliance is running over ${dataDir} already${who}: ${remedy}, or use another folder with --data DIR`,
      { cause },
    )
  }
}

function supervisorIn(folder: string): number | undefined {
  try {
    const { pids } = JSON.parse(readFileSync(join(folder, 'endpoints.json'), 'utf8'))
    return Number.isInteger(pids?.up) ? pids.up : undefined
  } catch {
    return undefined // it is still starting, and has not written it yet
  }
}
