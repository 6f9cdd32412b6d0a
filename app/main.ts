import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig, readEnvironment } from './config/config.ts'
import { exitCodeOf, PosternError, reasonOf } from './lib/error.ts'
import { createLog, type Log } from './lib/log.ts'
import { closeOutput, writeErr } from './lib/output.ts'
import { type Running, type StartOptions, start } from './start.ts'

/** Whatever hangs: supervisors and container engines kill after ten seconds. */
const STOP_WITHIN_MS = 9_000

const options = readOptions()
let running: Running | undefined
let ending = false
process.on('SIGHUP', () => running?.reload())
closeOutput(stream => options.log.debug('library.output', { stream }))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(options.log))
// A promise that a library left unattended must not take every account down with it. The name alone: texts may be personal.
process.on('unhandledRejection', error => {
  options.log.error('process.unhandled_rejection', {
    error: error instanceof Error ? error.name : typeof error,
  })
})
running = await start(options).catch((error: unknown) => refuse(error))

function readOptions(): StartOptions {
  const { values } = parseArgs({
    options: {
      listen: { type: 'string', default: '127.0.0.1:7080' },
      metrics: { type: 'string' },
      edge: { type: 'boolean', default: false },
      sandbox: { type: 'boolean', default: false },
      simulator: { type: 'string' },
      'noise-root': { type: 'string' },
    },
  })
  const root = dirname(import.meta.dirname)
  const loaded = loadConfig({ env: readEnvironment(), root, flags: { sandbox: values.sandbox } })
  if (loaded.kind === 'faulty') return refuse(new PosternError('config.faulty', loaded.faults.join('\n')))
  const { config } = loaded
  const noiseRootFile = values['noise-root']
  if (config.sandbox !== (values.simulator !== undefined && noiseRootFile !== undefined)) {
    return refuse(
      new PosternError('config.flags', '--sandbox, --simulator URL and --noise-root FILE go together'),
    )
  }
  return {
    config,
    listen: hostAndPort('--listen', values.listen),
    metrics: hostAndPort('--metrics', values.metrics ?? `127.0.0.1:${config.ports.metrics}`),
    rendersEdge: values.edge,
    log: createLog(config.logLevel, () => (running === undefined ? {} : { policy: running.revision() })),
    ...(values.simulator === undefined || noiseRootFile === undefined
      ? {}
      : {
          simulator: {
            url: values.simulator,
            noiseRoot: Buffer.from(readFileSync(noiseRootFile, 'utf8'), 'base64'),
          },
        }),
  }
}

function hostAndPort(flag: string, text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    return refuse(new PosternError('config.flags', `${flag}: expected HOST:PORT, got ${text}`))
  }
  return { host: text.slice(0, colon), port }
}

/** Says why on standard error and ends: 78 when an operator must change something first, 1 otherwise. */
function refuse(error: unknown): never {
  writeErr(`postern: ${reasonOf(error)}\n`)
  if (!(error instanceof PosternError) && error instanceof Error) writeErr(`${error.stack}\n`)
  process.exit(exitCodeOf(error))
}

/** Also before the start is complete: nothing was promised yet, and the store forgets what it has not committed. */
async function end(log: Log): Promise<void> {
  if (ending) return
  ending = true
  log.info('app.stopping')
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
  await running?.stop()
  log.info('app.stopped')
  process.exit(0)
}
