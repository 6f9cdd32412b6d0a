import { silentLog } from '../../../app/lib/log.ts'
import { openStore } from '../../../app/store/open.ts'
import { event, KEY, outgoing } from '../fixture.ts'

// Opens the store of the folder named, enqueues without end and prints each id once its promise has resolved.

const dataDir = process.argv[2] ?? ''
const store = await openStore({ dataDir, key: KEY, now: () => new Date(), log: silentLog })
await Promise.all(
  [1, 2, 3, 4].map(async n => {
    for (;;) {
      const message = outgoing({ chat: `+1202555010${n}` })
      await store.messages.enqueue(message, undefined, { events: [event()] })
      process.stdout.write(`${message.id}\n`)
    }
  }),
)
