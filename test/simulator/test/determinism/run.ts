import type { WASocket } from '@whiskeysockets/baileys'
import { silenceLibsignal } from '../../phones/signal/silence.ts'
import { startSimulator } from '../../simulator.ts'
import { type Account, closed, connect, newAccount, opened, qrOf } from '../plain-client.ts'

/**
 * One run of a script with faults by dice, in a process of its own: `node run.ts SEED ROUNDS`. Prints what the simulator logged
 * of it. Two plain clients talk with a phone each and come back whenever they are cut off.
 */
const ACCOUNTS = ['12025550100', '12025550110']
const PEOPLE = ['12025550101', '12025550111']
const ROUNDS = Number(process.argv[3])
const CHANCES = ['no-ack', 'late-ack', 'duplicate', 'retry-receipt', 'unreadable', 'rate-overlimit']
/** Cuts fall behind what a client has said: how far it is with what it is being told when it is cut off, is up to it. */
const CUTS = ['drop-connection', 'stream-error', 'conflict', 'service-unavailable', 'prekeys-low']
const CHECK_MS = 10
const QUIET_CHECKS = 12

silenceLibsignal()
const { url, admin, stop } = await startSimulator({ seed: Number(process.argv[2]) })
for (const number of [...ACCOUNTS, ...PEOPLE]) await ask('POST', '/phones', { number })
await Promise.all(ACCOUNTS.map((number, index) => remember(number, PEOPLE[index] ?? '')))
const clients = await Promise.all(ACCOUNTS.map(link))
await quiet()
for (const client of clients) await setUp(client)
await ask('POST', '/faults', { kind: 'random', one_in: 4, kinds: CHANCES, delay_ms: CHECK_MS })
await Promise.all(clients.map(client => talk(client)))
await ask('DELETE', '/faults')
await Promise.all(clients.map(client => talk(client, CUTS)))
const { stanza_log } = await ask<{ stanza_log: unknown }>('GET', '/stats')
const { data } = await ask<{ data: string[] }>('GET', '/stanzas')
await new Promise(resolve =>
  process.stdout.write(`${JSON.stringify({ stanza_log, lines: data })}\n`, resolve),
)
await stop()
process.exit(0)

type Client = { readonly number: string; readonly peer: string; readonly account: Account; sock: WASocket }

async function link(number: string, index: number): Promise<Client> {
  const account = newAccount()
  const pairing = open(account)
  const end = closed(pairing)
  await ask('POST', `/phones/${number}/scan`, { qr: await qrOf(pairing) })
  await end
  return {
    number,
    peer: PEOPLE[index] ?? '',
    account,
    sock: await opened(open(account)),
  }
}

/** Something that was said before anybody is linked, so that there is a history. */
async function remember(number: string, peer: string): Promise<void> {
  for (const body of ['one', 'two', 'three', 'four']) {
    await ask('POST', `/phones/${peer}/send`, { to: number, type: 'text', text: { body } })
  }
}

/** Something is set on both sides, before and after a new key. */
async function setUp({ number, peer, sock }: Client): Promise<void> {
  await ask('PATCH', `/phones/${number}/chats/${peer}`, { archived: true, muted_until: 'always' })
  await quiet()
  await sock.chatModify({ pin: true }, `${peer}@s.whatsapp.net`)
  await ask('POST', `/phones/${number}/state-key`)
  await quiet()
  await sock.chatModify({ pin: false }, `${peer}@s.whatsapp.net`)
  await quiet()
}

/** Round by round: a text to the phone and one from it, each waited for, and a new log-in when the connection is gone. */
async function talk(client: Client, cuts: readonly string[] = []): Promise<void> {
  const { number, peer } = client
  for (let round = 0; round < ROUNDS; round++) {
    const [text, kind] = [`text ${round}`, cuts[round % cuts.length]]
    if (kind !== undefined) await ask('POST', '/faults', { kind, account: number, after: 1 })
    await client.sock.sendMessage(`${peer}@s.whatsapp.net`, { text }).catch(() => undefined)
    await quiet()
    await comeBack(client)
    await ask('POST', `/phones/${peer}/send`, { to: number, type: 'text', text: { body: text } })
    await quiet()
  }
}

async function comeBack(client: Client): Promise<void> {
  const { isClosed, isClosing } = client.sock.ws
  if (isClosed || isClosing) client.sock = await opened(open(client.account))
}

function open(account: Account): WASocket {
  return connect(url, account, { retryRequestDelayMs: CHECK_MS })
}

/** Waits until the simulator has had nothing to log for a while. */
async function quiet(): Promise<void> {
  let before = -1
  let same = 0
  while (same < QUIET_CHECKS) {
    const { stanza_log } = await ask<{ stanza_log: { count: number } }>('GET', '/stats')
    same = stanza_log.count === before ? same + 1 : 0
    before = stanza_log.count
    await new Promise(resolve => setTimeout(resolve, CHECK_MS))
  }
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(admin + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as T
}
