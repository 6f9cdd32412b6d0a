import { join } from 'node:path'
import type { Config } from '../config/config.ts'

/** The sandbox's WhatsApp, as the app is told about it. */
export type SimulatorFlags = {
  readonly url: string
  readonly noiseRootFile: string
  /** The CA of the simulator's media host, for a process that is started when it is there. */
  readonly mediaCaFile: string
}

/**
 * Without them V8 lets the heap grow to four times what lives in it, and a busy machine makes it wait longer still: under 30
 * messages a second each way the app took 483 MiB and went on growing, with them it stays at 285 for the same work. The last
 * is for lib/spent-buffers.ts.
 * Code that was compiled under others is not taken, so whoever compiles for the app does it under these.
 */
export const FRUGAL = ['--heap-growing-percent=50', '--max-semi-space-size=16', '--expose-gc']

/**
 * For glibc's malloc. By itself it keeps up to twice the largest block that was ever freed at the end of each of its arenas,
 * one a thread, and takes blocks of that size from them instead of from the system: under 50 messages a second each way 60 MiB of
 * 110 were kept for nothing after 40 minutes, and they still grew. Both are its own first values, which it moves no more once
 * they are said (mallopt(3), "dynamic mmap threshold").
 */
export const FRUGAL_MALLOC = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * Node's arguments for the app: the permission model as defence in depth (runtime.md section 3), then the program.
 * Only the data folder may be written; the launcher, Caddy and the CA keys cannot be read.
 */
export function appArguments(config: Config, simulator?: SimulatorFlags): string[] {
  const readable = [
    join(config.root, 'app'),
    join(config.root, 'node_modules'),
    config.policiesDir,
    config.secretsDir,
    config.dataDir,
  ]
  const files = [join(config.root, 'package.json'), config.masterKeyFile]
  if (simulator !== undefined) files.push(simulator.noiseRootFile)
  return [
    ...FRUGAL,
    '--permission',
    ...readable.map(folder => `--allow-fs-read=${folder}/`),
    ...files.map(file => `--allow-fs-read=${file}`),
    `--allow-fs-write=${config.dataDir}/`,
    '--allow-net',
    '--allow-worker',
    '--no-warnings',
    join(config.root, 'app', 'main.ts'),
    '--listen',
    `127.0.0.1:${config.ports.app}`,
    ...(simulator === undefined
      ? []
      : ['--sandbox', '--simulator', simulator.url, '--noise-root', simulator.noiseRootFile]),
  ]
}

/** What any Node that we start must have. */
export function nodeEnvironment({ libraryPath }: Config): Record<string, string> {
  return { NODE_ENV: 'production', ...(libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath }) }
}

/**
 * The app's whole environment. Proxy variables and everything else of the caller's stay outside. Only the sandbox's app
 * trusts a CA beside those that Node knows: the media host's, which Node itself reads before the permission model holds.
 */
export function appEnvironment(config: Config, simulator?: SimulatorFlags): Record<string, string> {
  return {
    ...nodeEnvironment(config),
    ...(simulator === undefined ? {} : { NODE_EXTRA_CA_CERTS: simulator.mediaCaFile }),
    ...FRUGAL_MALLOC,
    NODE_COMPILE_CACHE: compiledFor(config),
    TMPDIR: join(config.dataDir, 'tmp'),
    POSTERN_DATA: config.dataDir,
    POSTERN_POLICIES: config.policiesDir,
    POSTERN_SECRETS: config.secretsDir,
    POSTERN_MASTER_KEY_FILE: config.masterKeyFile,
    POSTERN_LOG_LEVEL: config.logLevel,
    ...(config.portBase === undefined ? {} : { POSTERN_PORT_BASE: String(config.portBase) }),
  }
}

/** Where the app looks for compiled code; see compile-cache.ts. */
export function compiledFor({ dataDir }: Config): string {
  return join(dataDir, 'run', 'compiled')
}
