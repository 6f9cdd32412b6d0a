import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { runInThisContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { createLog } from '../../../app/lib/log.ts'
import { closeOutput, writeErr } from '../../../app/lib/output.ts'
import { muteConsole } from '../../../app/whatsapp/socket/library-log.ts'

// Everything that a library might do to be heard. With `closed` as its argument, as the app has it.

const log = createLog('debug')
if (process.argv[2] === 'closed') closeOutput(stream => log.debug('library.output', { stream }))
if (process.argv[2] === 'closed' || process.argv[2] === 'muted') muteConsole(log)

/** libsignal prints a whole session when it closes one. */
const closeSession = `const SessionRecord = require('libsignal/src/session_record.js')
  new SessionRecord().closeSession({ indexInfo: { closed: -1 }, currentRatchet: { rootKey: 'a root key' } })`
runInThisContext(`require => { ${closeSession} }`)(createRequire(import.meta.url))
console.error('said to the console')
process.stdout.write('written to stdout\n')
process.stderr.write('written to stderr\n')
const worker = new Worker(
  `${closeSession}
   console.error('said in a thread')
   process.stdout.write('written in a thread')`,
  { eval: true },
)
await new Promise(resolve => worker.once('exit', resolve))
await sleep(50)
log.info('the.end')
writeErr('last words\n')
