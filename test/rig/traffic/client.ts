import { sleep } from '../../gateway/sandbox.ts'
import type { Api } from './api.ts'
import type { Flow } from './flow.ts'
import { repeat } from './people.ts'

const AGAIN_MS = 25

/**
 * A service that sends texts into one chat. Each has an idempotency key and is asked for until it is answered 202, which is
 * the promise that the ledger keeps; only then does the next one follow. Once the flow is closed nobody waits for one.
 */
export function sendThroughApi(flow: Flow & { readonly api: Api }): Promise<void> {
  const { number, round, ledger, api, closed } = flow
  return repeat(flow, async n => {
    const body = `out ${number} ${round}.${n}`
    const message = { to: number, type: 'text', text: { body } }
    const headers = { 'idempotency-key': body }
    for (;;) {
      const answer = await api.call('/v1/accounts/main/messages', { body: message, headers })
      if (answer?.status === 202) {
        ledger.push({ key: body, id: (answer.json as { message_id: string }).message_id, chat: number })
        return
      }
      if (answer !== undefined && answer.status < 500) {
        throw new Error(`the api answered ${answer.status} to a text: ${JSON.stringify(answer.json)}`)
      }
      if (closed.aborted) return
      await sleep(AGAIN_MS)
    }
  })
}
