import type { RigEndpoints } from '../appliance/running.ts'
import type { Entry, Ledger } from '../check/ledger.ts'
import { createApi } from './api.ts'
import { sendThroughApi } from './client.ts'
import { makePeople, writeToAccount } from './people.ts'
import { createWitnesses, type Witnesses } from './witnesses.ts'

export type TrafficOptions = {
  readonly endpoints: RigEndpoints
  /** Messages a second in each direction, over all chats. */
  readonly perSecond: number
  readonly chats?: number
  /** The types of events that the receiver is told of; all when absent. */
  readonly told?: readonly string[]
}

/** Messages that flow both ways through a running appliance, with everybody's ledgers. */
export type Traffic = {
  readonly numbers: readonly string[]
  readonly witnesses: Witnesses
  /** What the api promised: 202. */
  readonly accepted: Ledger
  /** What the phones have sent. */
  readonly written: Ledger
  /** Lets everybody finish what they have begun. Throws what one of them met. */
  end(): Promise<void>
  /** Begins again after an end. */
  resume(): void
  /** Ends it without waiting, also after something went wrong. */
  close(): void
}

const CHATS = 10

export async function startTraffic({
  endpoints,
  perSecond,
  chats = CHATS,
  told,
}: TrafficOptions): Promise<Traffic> {
  const { simulator, accounts } = endpoints
  const { admin } = simulator
  const to = accounts.main?.phone ?? ''
  const numbers = await makePeople(admin, chats)
  const api = createApi(endpoints)
  const everyMs = (1_000 * chats) / perSecond
  const accepted: Entry[] = []
  const written: Entry[] = []
  let round = 0
  const closing = new AbortController()
  let { ending, flowing } = begin()
  return {
    numbers,
    witnesses: createWitnesses(endpoints, api, { numbers, told }),
    accepted: { name: 'accepted', entries: accepted },
    written: { name: 'written', entries: written },
    async end() {
      ending.abort()
      await flowing
    },
    resume() {
      ;({ ending, flowing } = begin())
    },
    close() {
      ending.abort()
      closing.abort()
      api.close()
    },
  }
  function begin() {
    round += 1
    const ending = new AbortController()
    const flow = (number: string, ledger: Entry[]) => ({
      ...{ number, everyMs, round, ledger },
      ending: ending.signal,
      closed: closing.signal,
    })
    const flowing = Promise.all(
      numbers.flatMap(number => [
        sendThroughApi({ ...flow(number, accepted), api }),
        writeToAccount({ ...flow(number, written), admin, to }),
      ]),
    )
    flowing.catch(() => {}) // told by end()
    return { ending, flowing }
  }
}
