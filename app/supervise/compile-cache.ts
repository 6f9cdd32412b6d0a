import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { compiledFor, nodeEnvironment } from './app-command.ts'

/*
 * Reading and compiling our modules takes most of the app's start, and so of a recovery. Node can keep what it has compiled,
 * but only in a folder that the process may write; code that a taken-over app could leave there for its next life would
 * outlast every restart. So the app never sees the folder in which it is kept: each life gets a fresh copy.
 */

/** Gives the next life of the app its own copy of what is kept, in the place of whatever the last one has left. */
export function handOutCompiled(config: Config): void {
  const copy = compiledFor(config)
  rmSync(copy, { recursive: true, force: true })
  if (!isFresh(config)) return
  try {
    cpSync(keptIn(config), copy, { recursive: true })
  } catch {
    rmSync(copy, { recursive: true, force: true }) // no room: the app compiles by itself
  }
}

/**
 * Compiles the app for lives to come unless that is done: in a process that opens no store and no secret, while everything
 * runs already. An installation that must not be written to stays without. The caller ends the process when it still runs.
 */
export function keepCompiled(config: Config): ChildProcess | undefined {
  if (isFresh(config)) return undefined
  const child = spawn(process.execPath, ['--no-warnings', join(config.root, 'app', 'compile.ts')], {
    cwd: config.root,
    env: { ...nodeEnvironment(config), NODE_COMPILE_CACHE: keptIn(config) },
    stdio: 'ignore',
  })
  child.once('error', () => {}) // the app starts without, only slower
  child.once('exit', code => {
    if (code === 0 && existsSync(keptIn(config))) writeFileSync(markOf(config), '')
  })
  return child
}

/** Whether what is kept was compiled after the last change of the app or of what it imports. */
function isFresh(config: Config): boolean {
  const mark = markOf(config)
  return existsSync(mark) && statSync(mark).mtimeMs > changedAt(config)
}

function changedAt({ root }: Config): number {
  const app = join(root, 'app')
  const files = readdirSync(app, { recursive: true, encoding: 'utf8' }).map(file => join(app, file))
  return Math.max(...[join(root, 'package-lock.json'), ...files].map(file => statSync(file).mtimeMs))
}

function keptIn({ root }: Config): string {
  return join(root, '.runtime', 'compiled')
}

function markOf(config: Config): string {
  return join(keptIn(config), 'made')
}
