import { flushCompileCache } from 'node:module'

/*
 * Compiles the app with all that it imports into the folder that NODE_COMPILE_CACHE names, and starts nothing.
 * The thread's module refuses to run outside a thread; compiled it is by then.
 */
await import('./start.ts')
await import('./store/writer/thread.ts').catch(() => {})
flushCompileCache()
process.exit(0)
