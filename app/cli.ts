import { program } from './cli/program.ts'
import { exitCodeOf, reasonOf } from './lib/error.ts'
import { explainSystemError } from './lib/system-error.ts'

const USAGE = 2

try {
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
