import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../../../app/lib/error.ts'
import { silentLog } from '../../../app/lib/log.ts'
import { raiseDiskAlarms } from '../../../app/store/disk-alarm.ts'
import { openStore } from '../../../app/store/open.ts'
import { event, incoming, KEY, NO_EFFECTS, outgoing } from '../../store/fixture.ts'

// Opens the store of the folder named and stores what is sent and what comes in without end. Prints a line for each that
// was acknowledged (`ack out ID`), that was refused (`no in CODE`), and for each alarm. Ends with 3 when it cannot open.

const PAUSE_MS = 10
const dataDir = process.argv[2] ?? ''
const say = (...words: string[]) => process.stdout.write(`${words.join(' ')}\n`)
const log = {
  ...silentLog,
  warn: (name: string) => say('alarm', name),
  info: (name: string) => say('told', name),
}
const store = await openStore({ dataDir, key: KEY, now: () => new Date(), log }).catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`)
  process.exit(3)
})
raiseDiskAlarms({ store, log, route: draft => ({ ...event(), ...draft }) })
await Promise.all([
  again('out', async () => {
    const message = outgoing({ chat: `+1202555${String(Math.random()).slice(2, 6)}` })
    await store.messages.enqueue(message, undefined, { events: [event()] })
    return message.id
  }),
  again('in', async () => {
    const message = incoming()
    await store.messages.receive(message, NO_EFFECTS)
    return message.id
  }),
])

async function again(direction: 'in' | 'out', store: () => Promise<string>): Promise<never> {
  for (;;) {
    const outcome = await store().then(
      id => ['ack', direction, id],
      (error: unknown) => ['no', direction, (error as { code?: string }).code ?? reasonOf(error)],
    )
    say(...outcome)
    await sleep(PAUSE_MS)
  }
}
