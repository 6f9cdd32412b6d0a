import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FromReceiver, Ledger, ToReceiver } from './protocol.ts'

/** The hostile receiver in its own process. */
export type HostileReceiver = {
  readonly port: number
  /** Shows a certificate of another name. */
  readonly wrongPort: number
  readonly ca: string
  /** Nobody listens until `comeBack`. */
  leave(): Promise<void>
  comeBack(): Promise<void>
  ledger(): Promise<Ledger>
  stop(): Promise<void>
}

export async function startHostile(): Promise<HostileReceiver> {
  const child = fork(join(import.meta.dirname, 'hostile.ts'), { execArgv: ['--no-warnings'] })
  const ready = await heard(child, 'ready')
  const ask = async <K extends FromReceiver['kind']>(message: ToReceiver, kind: K) => {
    const answer = heard(child, kind)
    child.send(message)
    return await answer
  }
  return {
    ...ready,
    leave: async () => void (await ask({ kind: 'leave' }, 'done')),
    comeBack: async () => void (await ask({ kind: 'return' }, 'done')),
    ledger: () => ask({ kind: 'ledger' }, 'ledger'),
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

async function heard<K extends FromReceiver['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromReceiver, { kind: K }>> {
  const [message] = (await once(child, 'message')) as [FromReceiver]
  if (message.kind !== kind) throw new Error(`expected ${kind} from the receiver, got ${message.kind}`)
  return message as Extract<FromReceiver, { kind: K }>
}
