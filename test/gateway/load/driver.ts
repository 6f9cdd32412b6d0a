import { Agent, request } from 'node:https'
import { proofFrom } from '../../../app/supervise/ask.ts'
import type { Sandbox } from '../sandbox.ts'
import { chatOf, type Line } from './ledgers.ts'

/** An account and somebody whom it writes to. */
export type Pair = { readonly account: string; readonly person: string }

/** What the API has accepted, in the order of each chat, and what it has refused. */
export type Driven = { readonly accepted: readonly Line[]; readonly refused: readonly string[] }

const CONNECTIONS = 16
const TIMEOUT_MS = 30_000
/** Well below the edge's idle timeout: a connection that it closes just as we use it again would be no answer of the appliance. */
const IDLE_MS = 30_000

type Answer = { readonly status: number; readonly text: string }

/**
 * Lets accounts write to people through the API, with the client's certificate, at a rate for so many seconds. One message of a
 * chat waits for the answer to the one before, so that there is an order to be kept.
 */
export async function drive(
  sandbox: Sandbox,
  pairs: readonly Pair[],
  { rate, seconds }: { rate: number; seconds: number },
): Promise<Driven> {
  const post = poster(sandbox)
  const accepted: Line[] = []
  const refused: string[] = []
  const idle = [...pairs]
  const startedAt = performance.now()
  const wanted = () => Math.floor(((performance.now() - startedAt) / 1_000) * rate)
  const underWay = new Set<Promise<void>>()
  let begun = 0
  const say = async (pair: Pair, text: string) => {
    const { status, text: answer } = await post(pair, text)
    const chat = chatOf(pair.account, pair.person)
    if (status === 202) accepted.push({ chat, id: JSON.parse(answer).message_id, text })
    else refused.push(`${status} ${answer}`)
    idle.push(pair)
  }
  while (performance.now() - startedAt < seconds * 1_000) {
    for (let pair = idle[0]; pair !== undefined && begun < wanted(); pair = idle[0]) {
      idle.shift()
      const saying = say(pair, `${begun++} for ${pair.person}`).catch(error => {
        refused.push(String(error))
      })
      underWay.add(saying)
      void saying.finally(() => underWay.delete(saying))
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await Promise.all(underWay)
  return { accepted, refused }
}

function poster(sandbox: Sandbox): (pair: Pair, text: string) => Promise<Answer> {
  const { api, ca_file, clients } = sandbox.endpoints()
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS,
    timeout: IDLE_MS,
    ...proofFrom(ca_file, clients.demo),
  })
  return ({ account, person }, text) =>
    new Promise((resolve, reject) => {
      const url = `${api}/v1/accounts/${account}/messages`
      const headers = { 'content-type': 'application/json' }
      const call = request(url, { agent, method: 'POST', headers, timeout: TIMEOUT_MS }, answer => {
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk))
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        )
      })
      call.on('timeout', () => call.destroy(new Error('no answer in time')))
      call.on('error', reject)
      call.end(JSON.stringify({ to: person, type: 'text', text: { body: text } }))
    })
}
