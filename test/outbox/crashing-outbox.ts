import { appendFileSync } from 'node:fs'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { SendOrder, SendOutcome } from '../../app/model/send-port.ts'
import { createOutboxWorker } from '../../app/outbox/worker.ts'
import { openStore } from '../../app/store/open.ts'
import { ScriptedPort, World } from './world.ts'

/*
 * An outbox in a process of its own, for the test that kills it: `crashing-outbox.ts DATA LEDGER die|live`. It writes each
 * message id that leaves to the ledger; `die` enqueues one message and kills itself while that is being sent.
 */
const [, , dataDir = '', ledger = '', fate] = process.argv
const store = await openStore({
  dataDir,
  key: new Secret(Buffer.alloc(32, 3)),
  now: () => new Date(),
  log: silentLog,
})
const world = new World(store)

class LedgerPort extends ScriptedPort {
  override async send(order: SendOrder): Promise<SendOutcome> {
    appendFileSync(ledger, `${order.messageId}\n`)
    if (fate === 'die') process.kill(process.pid, 'SIGKILL')
    return await super.send(order)
  }
}

const worker = createOutboxWorker({ ...world.deps(), port: new LedgerPort() })
if (fate === 'die') await world.accepted({ body: 'hello' })
await worker.start()
const { items } = await store.messages.list({ account: 'main', limit: 10 })
for (const message of items) await world.until(message.id, 'sent')
await worker.stop()
await store.close()
