import { relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { add, NOTHING, type Tally } from './tally.ts'
import { slowestOf, type Took } from './took.ts'

type FailedEvent = {
  readonly name: string
  readonly line?: number | undefined
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
  readonly details: { readonly error: Error }
}

const SAID_AT_MOST = 6_000
/** Of the time of its file. What then is left is for the other tests, and for stopping what the file has started. */
const SHARE_OF_A_TEST = 0.75

export type FilesOptions = {
  readonly root: string
  readonly concurrency: number
  readonly fileTimeoutMs: number
  /** Called with what is printed about a failure, when it is. */
  readonly onFailure?: (told: string) => void
}

/** Runs test files, each in a process of its own; prints failures and skips as they happen, then the slowest files, and counts. */
export async function runFiles(files: readonly string[], options: FilesOptions): Promise<Tally> {
  const waiting = [...files]
  const took: Took[] = []
  const lanes = Array.from({ length: options.concurrency }, async (_, lane) => {
    let tally = NOTHING
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const startedAt = performance.now()
      tally = add(tally, await runFile(file, options, lane))
      took.push({ name: relative(options.root, file), ms: performance.now() - startedAt })
    }
    return tally
  })
  const tally = (await Promise.all(lanes)).reduce(add)
  console.log(`  slowest: ${slowestOf(took)}`)
  return tally
}

/** One file; a process that does not end in time is ended, and counts as a failure. It is told its lane, to stay out of others' way. */
async function runFile(
  file: string,
  { root, fileTimeoutMs, onFailure }: FilesOptions,
  lane: number,
): Promise<Tally> {
  const name = relative(root, file)
  let [said, failed] = ['', false]
  const remember = ({ message }: { message: string }) => {
    said = `${said}${message}`.slice(-SAID_AT_MOST)
  }
  const signal = AbortSignal.timeout(fileTimeoutMs)
  const env = { ...process.env, TEST_LANE: String(lane) }
  const timeout = fileTimeoutMs * SHARE_OF_A_TEST
  const events = run({ files: [file], signal, timeout, execArgv: ['--no-warnings'], cwd: root, env })
  events.on('test:stdout', remember)
  events.on('test:stderr', remember)
  events.on('test:pass', ({ name: test, skip }) => {
    if (isSet(skip)) console.log(`  skipped: ${test} (${reason(skip)})`)
  })
  events.on('test:fail', ({ name: test, line, details, skip, todo }: FailedEvent) => {
    if (isOnlyItsParts(details.error) || isSet(skip) || isSet(todo)) return
    failed = true
    const what = signal.aborted
      ? `the file did not end within ${fileTimeoutMs / 1_000} s`
      : describe(details.error)
    const told = `  FAILED ${name}:${line ?? 1} ${test}\n${indent(what)}`
    console.log(told)
    onFailure?.(told)
  })
  const tally = await new Promise<Tally>((resolve, reject) => {
    events.on('test:summary', summary => {
      if (summary.file === undefined) resolve(tallyOf(summary.counts))
    })
    events.once('error', reject)
    events.resume()
  })
  if (failed && said.trim() !== '') console.log(`  ${name} also said:\n${indent(said.trim())}`)
  return tally
}

type Counts = {
  readonly tests: number
  readonly passed: number
  readonly skipped: number
  readonly todo: number
}

function tallyOf({ tests, passed, skipped, todo }: Counts): Tally {
  return { passed, failed: tests - passed - skipped - todo, skipped: skipped + todo }
}

/** A test that failed only because one inside it did: that one has been told already. */
function isOnlyItsParts(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed'
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error
  return (cause.stack ?? inspect(cause)).split('\n').slice(0, 60).join('\n')
}

function isSet(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false
}

function reason(skip: string | boolean | undefined): string {
  return typeof skip === 'string' && skip !== '' ? skip : 'no reason given'
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
