import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The Git commit of a folder, with `-dirty` when something in the folder is not in it; undefined outside a checkout. */
export async function gitCommit(folder: string): Promise<string | undefined> {
  try {
    const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args])).stdout.trim()
    const commit = await git('rev-parse', 'HEAD')
    return (await git('status', '--porcelain', '--', '.')) === '' ? commit : `${commit}-dirty`
  } catch {
    return undefined
  }
}
