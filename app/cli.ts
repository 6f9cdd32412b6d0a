import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { exitCodeOf, reasonOf } from './lib/error.ts'
import { explainSystemError } from './lib/system-error.ts'

const USAGE = 2

// Half of what a short command takes is reading and compiling its modules; where this may not be written, it takes that.
enableCompileCache(join(import.meta.dirname, '..', '.runtime', 'compile-cache'))
const { programFor } = await import('./cli/program.ts')

try {
  const program = await programFor(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitOf(error)
}

/** Commander reports wrong usage by throwing; everything else is a failure of ours to explain. */
function exitOf(error: unknown): number {
  if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : USAGE
  console.error(`postern: ${explainSystemError(error) ?? reasonOf(error)}`)
  return exitCodeOf(error)
}
