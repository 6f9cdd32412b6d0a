import { parentPort, workerData } from 'node:worker_threads'
import { Vault } from '../crypto/vault.ts'
import { Connection } from '../database/connection.ts'
import { Committer, MOST_WRITES_A_COMMIT, type WriteTable } from './committer.ts'
import { operations } from './operations.ts'
import type { FromThread, Request, ToThread, WriterStart } from './protocol.ts'

// The writer's thread: it alone writes, so that no wait for the disk ever stands in the way of sockets and timers.

const port = parentPort
if (port === null) throw new Error('writer/thread.ts runs as a worker thread only')
const { file, key } = workerData as WriterStart
const db = Connection.open(file, 'write')
const committer = new Committer(
  { db, vault: new Vault(db, key) },
  new Map(Object.entries(operations)) as WriteTable,
)
const queue: Request[] = []
let scheduled = false
let closing = false

port.on('message', (message: ToThread) => {
  if (message.kind === 'close') closing = true
  else queue.push(...message.requests)
  schedule()
})
tell({ kind: 'ready' })

/** Everything that has arrived by the next turn of the loop shares a commit; nothing waits for more to come. */
function schedule(): void {
  if (scheduled) return
  scheduled = true
  setImmediate(turn)
}

function turn(): void {
  scheduled = false
  if (queue.length > 0) tell({ kind: 'settled', ...committer.commit(queue.splice(0, MOST_WRITES_A_COMMIT)) })
  if (queue.length > 0) schedule()
  else if (closing) close()
}

function close(): void {
  try {
    db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // No room, or the disk fails: what is committed stays in the log beside the database, and the next start takes it over.
  }
  db.close()
  port?.close()
}

function tell(message: FromThread): void {
  port?.postMessage(message)
}
