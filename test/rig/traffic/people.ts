import { sleep } from '../../gateway/sandbox.ts'

import type { Flow } from './flow.ts'

/** The simulator's remote control. Throws when it does not do what it is asked. */
export async function control<T = unknown>(admin: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${admin}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`simulator: ${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** What WhatsApp's server or a phone had to object to, the last of it in words; empty when there was nothing. */
export async function violationsOf(admin: string): Promise<readonly string[]> {
  type Stats = { readonly violations: number; readonly last_violations: readonly unknown[] }
  const { violations, last_violations } = await control<Stats>(admin, '/stats')
  return violations === 0 ? [] : [`${violations} in all`, ...last_violations.map(one => JSON.stringify(one))]
}

/** Makes so many people to talk to, and answers their numbers. */
export async function makePeople(admin: string, count: number): Promise<readonly string[]> {
  const numbers = Array.from({ length: count }, (_, n) => `+1555010${String(1_000 + n)}`)
  for (const number of numbers)
    await control(admin, '/phones', { number, name: `Person ${number.slice(-3)}` })
  return numbers
}

/** One person who writes to the account, a text after the other. The ledger is what the phone has sent. */
export function writeToAccount(flow: Flow & { readonly admin: string; readonly to: string }): Promise<void> {
  const { number, round, ledger, admin, to } = flow
  return repeat(flow, async n => {
    const body = `in ${number} ${round}.${n}`
    const { id } = await control<{ id: string }>(admin, `/phones/${number}/send`, {
      to,
      type: 'text',
      text: { body },
    })
    ledger.push({ key: body, id, chat: number })
  })
}

/** Does one thing after the other at an even pace until the flow is to end; what takes too long delays the rest. */
export async function repeat(
  { everyMs, ending }: { readonly everyMs: number; readonly ending: AbortSignal },
  act: (n: number) => Promise<void>,
): Promise<void> {
  let next = performance.now() + Math.random() * everyMs
  for (let n = 1; !ending.aborted; n++) {
    await act(n)
    next = Math.max(performance.now(), next + everyMs)
    await sleep(next - performance.now())
  }
}
