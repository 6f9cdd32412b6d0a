import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createEndpoints } from '../../../app/deliveries/endpoints.ts'
import { createRouter } from '../../../app/deliveries/fan-out.ts'
import { createDeliveryWorker } from '../../../app/deliveries/worker.ts'
import { silentLog } from '../../../app/lib/log.ts'
import { Secret } from '../../../app/lib/secret.ts'
import type { Egress, EgressAnswer } from '../../../app/model/egress-port.ts'
import { createEnqueue } from '../../../app/outbox/enqueue.ts'
import { createOutboxWorker } from '../../../app/outbox/worker.ts'
import { createLimiter } from '../../../app/policy/limiter.ts'
import type { PolicyInForce } from '../../../app/policy/snapshot.ts'
import type { Store } from '../../../app/store/store.ts'
import { CONTACT_KEY, endpointOf, SIGNING_SECRET } from '../../deliveries/samples.ts'
import { ACTOR, NO_FILES, policyWith } from '../../outbox/world.ts'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Mail, World } from './outside.ts'
import { WhatsApp } from './whatsapp.ts'

/** One process: from its start until it dies. */
export type Life = { readonly store: Store; isOver(): boolean; end(): void }

const { revision, snapshot } = policyWith()
const ENDPOINT = endpointOf({
  order: 'per-chat',
  events: new Set(['message.received', 'message.queued', 'message.sent']),
})
const POLICY: PolicyInForce = {
  revision,
  snapshot: { ...snapshot, endpoints: new Map([[ENDPOINT.name, ENDPOINT]]) },
}
const AGAIN_MS = 200
/** How long a receiver hangs before the connection breaks; each look about in the meantime costs real time. */
const HANGS_MS = 3_000

/**
 * Starts the real outbox, deliveries and journal over what the disk holds. With `diesAtStep` the life ends when so many
 * named points have been passed: whatever is in memory is lost, and what was not committed never will be.
 */
export async function beginLife(world: World, disk: Disk, diesAtStep: number | undefined): Promise<Life> {
  const { clock, dice } = world
  let over = false
  let steps = 0
  const onStep = () => {
    steps += 1
    if (steps === diesAtStep) end()
  }
  subscribe('postern:step', onStep)
  // What still runs of a process that has died comes to nothing: nobody wakes it any more.
  const after: Clock['after'] = (ms, act) => (over ? () => {} : clock.after(ms, act))
  const alive = { ...world, clock: { ...clock, after } }
  const failPercent = () => (world.rough() ? 2 : 0)
  const store = disk.open({ clock: alive.clock, dice, failPercent, over: () => over })
  const deps = { store, policy: () => POLICY, log: silentLog, now: clock.now, random: dice.next }
  const route = createRouter(deps)
  const port = new WhatsApp(alive, store, route)
  const endpoints = createEndpoints({ ...deps, route })
  const outbox = createOutboxWorker({ ...deps, port, route })
  const egress = receiver(alive)
  const readSecret = () => new Secret(SIGNING_SECRET)
  const outgoing = { egress, readSecret, contactKey: CONTACT_KEY, after }
  const deliveries = createDeliveryWorker({ ...deps, endpoints, ...outgoing })
  const starting = (async () => {
    await outbox.start()
    await deliveries.start()
    await port.begin()
    speak(alive, createEnqueue({ ...deps, route, limiter: createLimiter(), carry: NO_FILES }))
  })()
  starting.catch(end) // a disk that fails during the start ends the process, and the supervisor starts another
  return { store, isOver: () => over, end }

  function end(): void {
    if (over) return
    over = true
    unsubscribe('postern:step', onStep)
    clock.forget()
  }
}

/** The clients: one chat after the other text by text, each asked for under its key until it is accepted. */
function speak(world: World, enqueue: ReturnType<typeof createEnqueue>): void {
  const { clock, dice, outside } = world
  for (const chat of new Set(outside.unsaid.out.map(mail => mail.chat))) next(chat)

  function next(chat: string): void {
    const mail = outside.unsaid.out.find(one => one.chat === chat)
    if (mail !== undefined) clock.after(dice.between(5, 250), () => ask(mail))
  }

  function ask(mail: Mail): void {
    const { chat, text } = mail
    const content = { type: 'text', text: { body: text } } as const
    const recipient = { kind: 'contact', chat } as const
    const request = {
      actor: ACTOR,
      account: 'main',
      recipient,
      content,
      bodyDigest: text,
      idempotencyKey: text,
    }
    enqueue(request).then(
      answer => {
        if (answer.kind !== 'accepted') throw new Error(`a text was not accepted: ${answer.kind}`)
        outside.accepted.push({ key: text, id: answer.message.messageId, chat })
        outside.unsaid.out.splice(outside.unsaid.out.indexOf(mail), 1)
        next(chat)
      },
      () => clock.after(AGAIN_MS, () => ask(mail)),
    )
  }
}

type Body = { type: string; id: string; data: { message_id: string; chat: string; text: { body: string } } }

/** A receiver that fails, times out, and answers without being heard. */
function receiver({ clock, dice, outside, rough }: World): Egress {
  const keep = (text: string, id: string) => {
    const { type, id: event, data } = JSON.parse(text) as Body
    outside.webhooks.push({ key: event, id })
    if (type === 'message.received') {
      outside.received.push({ key: data.text.body, id: data.message_id, chat: data.chat })
    }
  }
  return {
    request: ({ body = '', headers, timeoutMs }) =>
      new Promise<EgressAnswer>(resolve => {
        const fate = rough() ? dice.between(1, 100) : 100
        const answer = (status: number, more: { retryAfterMs?: number } = {}) =>
          clock.after(dice.between(1, 60), () => resolve({ kind: 'answered', status, bodyHead: '', ...more }))
        const fail = (afterMs: number) =>
          clock.after(afterMs, () => resolve({ kind: 'failed', reason: 'no answer' }))
        if (fate <= 4) return void answer(503)
        if (fate <= 6) return void answer(429, { retryAfterMs: 2_000 })
        if (fate <= 9) return void fail(Math.min(timeoutMs, HANGS_MS))
        keep(body, headers['webhook-id'] ?? '')
        if (fate <= 13)
          fail(30) // it has it, and the answer was lost
        else answer(204)
      }),
    close: async () => {},
  }
}
