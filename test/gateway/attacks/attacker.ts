import { readFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { DRIVES, type Drive } from './drive.ts'
import type { Came, Plan, Target } from './plan.ts'
import { reset } from './resets.ts'

/*
 * One attack as a process of its own, which gives way to others, so that what they wait for is the server:
 *
 *   node attacker.ts < plan.json      prints what became of it, one entry for each target
 */
const TICK_MS = 500
const OPEN_WITHIN_MS = 45_000
/** Handshakes at the same time. */
const OPENING_AT_ONCE = 50
/** For each connection: on a busy machine the edge does not wait for the end of every handshake. */
const TRIES = 10
const NICE = 19
const NOTHING: Came = { opened: 0, failed: 0, statuses: {}, ended: 0, held: 0 }

setPriority(NICE)
const plan = JSON.parse(readFileSync(0, 'utf8')) as Plan
const { kind } = plan
const attack = kind === 'rapid resets' ? reset : (target: Target) => hold(target, DRIVES[kind])
const begunAt = Date.now()
let came = await wave()
while (Date.now() - begunAt < plan.attackMs) {
  const more = await wave()
  came = came.map((one, n) => together(one, more[n] ?? NOTHING))
}
console.log(JSON.stringify(came))
process.exit(0)

function wave(): Promise<readonly Came[]> {
  return Promise.all(plan.targets.map(target => attack(target, plan)))
}

function together(one: Came, other: Came): Came {
  const statuses = { ...one.statuses }
  for (const [status, count] of Object.entries(other.statuses))
    statuses[status] = (statuses[status] ?? 0) + count
  return {
    opened: one.opened + other.opened,
    failed: one.failed + other.failed,
    statuses,
    ended: one.ended + other.ended,
    held: one.held + other.held,
  }
}

/** Opens the connections, keeps each going, and lets go of those that are left when the time is over. */
async function hold(target: Target, drive: Drive): Promise<Came> {
  const came: Came = { opened: 0, failed: 0, statuses: {}, ended: 0, held: 0 }
  const open = new Map<TLSSocket, (() => void) | undefined>()
  const ticks = setInterval(() => {
    for (const tick of open.values()) tick?.()
  }, TICK_MS)
  const until = Date.now() + OPEN_WITHIN_MS
  let left = plan.count
  const lane = async () => {
    while (left-- > 0) {
      for (let n = 0; n < TRIES && Date.now() < until; n++) {
        if (await begin(target, { drive, came, open })) break
      }
    }
  }
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, lane))
  const end = Date.now() + plan.holdMs
  while (open.size > 0 && Date.now() < end) await sleep(100)
  clearInterval(ticks)
  came.held = open.size
  for (const socket of open.keys()) socket.destroy()
  return came
}

type Held = {
  readonly drive: Drive
  readonly came: Came
  readonly open: Map<TLSSocket, (() => void) | undefined>
}

/** Whether the handshake was brought to its end. */
function begin(target: Target, { drive, came, open }: Held): Promise<boolean> {
  const { port, cert, key } = target
  const proof = cert === undefined ? {} : { cert, key }
  const where = { host: '127.0.0.1', port, localAddress: plan.from, servername: 'localhost', ca: plan.ca }
  return new Promise(resolve => {
    const socket = connect({ ...where, ...proof, ALPNProtocols: ['http/1.1'] })
    let status: string | undefined
    socket.on('error', () => {}) // the end of a connection comes as `close`, too
    socket.on('data', (chunk: Buffer) => {
      status ??= /^HTTP\/1\.[01] (\d{3})/.exec(chunk.toString('latin1'))?.[1]
      if (status !== undefined) open.set(socket, undefined) // who has an answer says no more
    })
    socket.once('secureConnect', () => {
      came.opened += 1
      open.set(socket, drive(socket, target))
      resolve(true)
    })
    socket.once('close', () => {
      if (!open.delete(socket)) came.failed += 1
      else if (status === undefined) came.ended += 1
      else came.statuses[status] = (came.statuses[status] ?? 0) + 1
      resolve(false)
    })
  })
}
