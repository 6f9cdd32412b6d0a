import { silenceLibsignal } from '../../phones/signal/silence.ts'
import { connect, type Enrolment, enrolledAccount, opened } from '../plain-client.ts'

/**
 * One unmodified Baileys in a process of its own, told by its parent what to do; answers each with the CPU that it has taken so far.
 * `node talker.ts URL ADMIN NUMBER`, and IPC.
 */
export type Order =
  /** Sends so many texts to each number, to all at once. */
  | { readonly kind: 'send'; readonly to: readonly string[]; readonly each: number }
  /** Waits until so many messages have arrived. */
  | { readonly kind: 'receive'; readonly count: number }
  | { readonly kind: 'measure' }
  | { readonly kind: 'end' }
export type Done = { readonly cpuMs: number }

const [url = '', admin = '', number = ''] = process.argv.slice(2)

silenceLibsignal()
const account = await enrolledAccount(async keys => {
  const answer = await fetch(`${admin}/phones/${number}/enrol`, {
    method: 'POST',
    body: JSON.stringify(keys),
  })
  return (await answer.json()) as Enrolment
})
const sock = await opened(connect(url, account, { emitOwnEvents: false }))
let received = 0
let onReceived: (() => void) | undefined
sock.ev.on('messages.upsert', ({ messages }) => {
  received += messages.length
  onReceived?.()
})
process.on('message', (order: Order) => void take(order))
tell()

async function take(order: Order): Promise<void> {
  if (order.kind === 'end') {
    await sock.end(undefined)
    process.exit(0)
  }
  if (order.kind === 'send') await Promise.all(order.to.map(to => sendTo(to, order.each)))
  if (order.kind === 'receive') await receive(order.count)
  tell()
}

async function sendTo(to: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++)
    await sock.sendMessage(`${to}@s.whatsapp.net`, { text: `message ${n} to ${to}` })
}

async function receive(count: number): Promise<void> {
  await new Promise<void>(resolve => {
    onReceived = () => received >= count && resolve()
    onReceived()
  })
  received -= count
}

function tell(): void {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1_000 } satisfies Done)
}
