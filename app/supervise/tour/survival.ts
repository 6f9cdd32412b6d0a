import { callApi, callSimulator, endpointsOf, jsonOf, type TourContext } from './context.ts'
import { type InboxEntry, receiverUrl, webhooksWith, writeToUs } from './exchange.ts'
import { expect, type Step, until } from './tour.ts'

const WITHIN_MS = 30_000
const EACH_WAY = 20
const KILL_AFTER = 8
/** Each step has a chat of its own: what the receiver refused of another chat would hold up what comes behind it. */
const BOB = '+15550100002'
const CAROL = '+15550100003'
const AGAIN_MS = 50

/** Steps 11 and 12: a receiver that is down for a while, and an app that is killed while messages flow. */
export const survivalSteps: readonly Step<TourContext>[] = [
  { step: 'receiver down, the message arrives after it returns', run: outliveReceiver },
  { step: 'kill -9 while messages flow both ways: none lost', run: outliveKill },
]

async function outliveReceiver(context: TourContext): Promise<string> {
  const text = 'Are you open on Sunday?'
  await callSimulator(context, '/phones', { number: BOB, name: 'Bob' })
  await behave(context, { status: 503 })
  await writeToUs(context, BOB, { type: 'text', text: { body: text } })
  const refused = await until('an attempt that the receiver refuses', WITHIN_MS, async () =>
    (await webhooksWith(context, text)).find(({ status }) => status === 503),
  )
  await behave(context, { status: 204 })
  const startedAt = performance.now()
  const accepted = await until('the attempt after its return', WITHIN_MS, async () =>
    (await webhooksWith(context, text)).find(({ status }) => status === 204),
  )
  const id = accepted.headers['webhook-id']
  expect(id === refused.headers['webhook-id'], 'the later attempt has another webhook-id')
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  return `refused with 503, accepted as attempt ${accepted.headers['postern-attempt']} ${seconds} s after its return`
}

async function outliveKill(context: TourContext): Promise<string> {
  const pid = endpointsOf(context).pids.app
  expect(pid !== undefined, 'the app has no process id')
  const sent = new Map<string, string>()
  const written: string[] = []
  let killedAt = 0
  await callSimulator(context, '/phones', { number: CAROL, name: 'Carol' })
  const out = inTurn(async n => {
    if (n === KILL_AFTER) {
      process.kill(pid, 'SIGKILL')
      killedAt = performance.now()
    }
    const text = `Parcel ${n} of ${EACH_WAY} is on its way`
    sent.set(text, await acceptedAs(context, text))
  })
  const back = inTurn(async n => {
    const text = `Parcel ${n} of ${EACH_WAY} has come`
    await writeToUs(context, CAROL, { type: 'text', text: { body: text } })
    written.push(text)
  })
  await Promise.all([out, back])
  await until('every text in the phone’s inbox', WITHIN_MS, async () => allInInbox(context, sent))
  await until('a webhook of every reply', WITHIN_MS, async () => {
    const bodies = (await webhooksWith(context, 'message.received')).map(({ body }) => body)
    return written.every(text => bodies.some(body => body.includes(text))) ? true : undefined
  })
  const seconds = ((performance.now() - killedAt) / 1_000).toFixed(1)
  return `${sent.size} sent and ${written.length} received, all there ${seconds} s after the kill`
}

/** What a person sees: each text once, under the id that its sender was promised. */
async function allInInbox(
  context: TourContext,
  sent: ReadonlyMap<string, string>,
): Promise<true | undefined> {
  const { data } = (await callSimulator(context, `/phones/${CAROL}/inbox`)) as { data: readonly InboxEntry[] }
  for (const [text, messageId] of sent) {
    const copies = data.filter(entry => entry.text?.body === text)
    expect(copies.length < 2, `"${text}" came ${copies.length} times`)
    if (copies[0] === undefined) return undefined
    expect(copies[0].id === messageId, `"${text}" came under another id than was promised`)
  }
  return true
}

/** Asks for the same text until it is promised, as a client does that has an idempotency key. Answers the message's id. */
async function acceptedAs(context: TourContext, text: string): Promise<string> {
  const answer = await until('an answer 202', WITHIN_MS, async () => {
    const found = await callApi(context, {
      method: 'POST',
      path: '/v1/accounts/main/messages',
      body: { to: CAROL, type: 'text', text: { body: text } },
      headers: { 'idempotency-key': text },
    }).catch(() => undefined)
    return found?.status === 202 ? found : undefined
  })
  return jsonOf<{ message_id: string }>(answer).message_id
}

async function inTurn(act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 1; n <= EACH_WAY; n++) {
    await act(n)
    await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
  }
}

async function behave(context: TourContext, behaviour: { status: number }): Promise<void> {
  const answer = await fetch(receiverUrl(context, '/behave'), {
    method: 'POST',
    body: JSON.stringify(behaviour),
  })
  expect(answer.ok, `the receiver answered ${answer.status} to ${JSON.stringify(behaviour)}`)
  await answer.body?.cancel()
}
