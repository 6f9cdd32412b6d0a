import { flushCompileCache } from 'node:module'

/*
 * Compiles the app with all that it imports into the folder that NODE_COMPILE_CACHE names, and starts nothing.
 * The threads' modules refuse to run outside a thread; compiled they are by then.
 */
await import('./start.ts')
await import('./store/writer/thread.ts').catch(() => {})
await import('./reload/examine/thread.ts').catch(() => {})
flushCompileCache()
process.exit(0)
