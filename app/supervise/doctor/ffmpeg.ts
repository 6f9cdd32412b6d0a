import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { programsOn } from '../search-path.ts'
import type { Verdict } from './verdict.ts'

const ANSWER_WITHIN_MS = 10_000
const run = promisify(execFile)

/**
 * Whether this machine has ffmpeg, for information: Postern runs no other program on files and passes sounds and videos on as
 * they are, so that whoever needs them in another form makes it before the upload.
 */
export async function examineFfmpeg(searchPath: string): Promise<Verdict> {
  const [path] = programsOn(searchPath, 'ffmpeg')
  const tell = (detail: string): Verdict => ({ check: 'ffmpeg', verdict: 'ok', detail })
  if (path === undefined)
    return tell('no ffmpeg, and none is needed: sounds and videos go as they are uploaded')
  const answer = await run(path, ['-version'], { env: {}, timeout: ANSWER_WITHIN_MS }).catch(() => undefined)
  const version = /^ffmpeg version (\S+)/.exec(answer?.stdout ?? '')?.[1] ?? 'of unknown version'
  return tell(`ffmpeg ${version} at ${path}, for use before an upload: Postern does not run it`)
}
