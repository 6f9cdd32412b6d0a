import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebSocket } from 'ws'
import { type Proof, proofFrom } from '../../app/supervise/ask.ts'
import { eventually, type Sandbox, sleep, startSandbox } from './sandbox.ts'

const BOB = '+15550100002'

type Item = {
  readonly id?: string
  readonly type: string
  readonly account?: string
  readonly sequence?: number
}
type Site = 'api' | 'keys' | 'dashboard'

let sandbox: Sandbox
before(async () => {
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: BOB, name: 'Bob' })
})
after(() => sandbox.dispose())

const send = (body: string) =>
  sandbox.api({ path: '/v1/accounts/main/messages', body: { to: BOB, type: 'text', text: { body } } })

/** What a reader of this site shows. */
function credentials(site: Site): { proof: Proof; headers: Record<string, string> } {
  const { ca_file, clients, dashboard } = sandbox.endpoints()
  const demo = clients.demo ?? assert.fail()
  const text = (file: string) => readFileSync(file, 'utf8').trim()
  if (site === 'api') return { proof: proofFrom(ca_file, demo), headers: {} }
  const proof = proofFrom(ca_file)
  if (site === 'keys') return { proof, headers: { authorization: `Bearer ${text(demo.api_key_file ?? '')}` } }
  const password = text(join(dirname(demo.cert_file), 'demo.password'))
  const basic = `Basic ${Buffer.from(`oncall:${password}`).toString('base64')}`
  return { proof, headers: { authorization: basic, origin: dashboard } }
}

function webSocket(site: Site, path: string, more: Record<string, string> = {}): WebSocket {
  const { proof, headers } = credentials(site)
  const url = `${sandbox.endpoints()[site].replace('https:', 'wss:')}${path}`
  return new WebSocket(url, { ...proof, headers: { ...headers, ...more } })
}

/** Reads server-sent events until the connection ends; the items so far, as they come. */
function sentEvents(site: Site, path: string): { items: Item[]; ended: Promise<void>; leave(): void } {
  const { proof, headers } = credentials(site)
  const items: Item[] = []
  const ended = Promise.withResolvers<void>()
  const accept = { accept: 'text/event-stream' }
  const asking = request(`${sandbox.endpoints()[site]}${path}`, {
    ...proof,
    agent: false,
    headers: { ...headers, ...accept },
  })
  asking.on('response', answer => {
    let text = ''
    answer.on('data', chunk => {
      const lines = `${text}${chunk}`.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('data: ')) items.push(JSON.parse(line.slice(6)) as Item)
    })
    answer.on('error', () => {})
    answer.on('close', ended.resolve)
  })
  asking.on('error', () => ended.resolve())
  asking.end()
  return { items, ended: ended.promise, leave: () => asking.destroy() }
}

test('streams pass Caddy and the app on each site, with that site’s credential', async () => {
  for (const site of ['api', 'keys', 'dashboard'] as const) {
    const socket = webSocket(site, '/v1/events?types=message.queued')
    const heard: Item[] = []
    socket.on('message', data => heard.push(JSON.parse(String(data)) as Item))
    await once(socket, 'open')
    const sse = sentEvents(site, '/v1/events?types=message.queued')
    assert.equal((await send(`for the ${site} site`)).status, 202)
    const seen = (items: readonly Item[]) => items.filter(({ type }) => type === 'message.queued')
    await eventually(`events on ${site}`, async () => {
      const [over, by] = [seen(heard).at(-1)?.id, seen(sse.items).at(-1)?.id]
      return over !== undefined && over === by ? true : undefined
    })
    socket.terminate()
    sse.leave()
  }
})

test('a page of somebody else, and a key that nobody has, open none', async () => {
  for (const [site, headers] of [
    ['dashboard', { origin: 'https://evil.example.com' }],
    ['keys', { authorization: `Bearer pk_${'A'.repeat(43)}` }],
  ] as const) {
    const socket = webSocket(site, '/v1/events', headers)
    await assert.rejects(once(socket, 'open'), /Unexpected server response: 40[13]/)
  }
})

test('a reader that comes back after kill -9 of the app has every number once', async () => {
  const got: Item[] = []
  const { pids } = sandbox.endpoints()
  let reading = true
  const reader = (async () => {
    while (reading) {
      const last = got.findLast(({ id }) => id !== undefined)?.id
      const stream = sentEvents('api', `/v1/events?account=main${last === undefined ? '' : `&after=${last}`}`)
      await Promise.race([stream.ended, eventually('the end', async () => !reading || undefined, 120_000)])
      got.push(...stream.items)
      stream.leave()
      await sleep(100)
    }
  })()
  for (let n = 0; n < 5; n++) await send(`before ${n}`)
  process.kill(pids.app ?? 0, 'SIGKILL')
  await eventually(
    'another app',
    async () => (sandbox.endpoints().pids.app !== pids.app ? true : undefined),
    30_000,
  )
  const last = await eventually(
    'an accepted message',
    async () => {
      const answer = await send('after the crash').catch(() => undefined)
      return answer?.status === 202 ? answer : undefined
    },
    30_000,
  )
  assert.equal(last.status, 202)
  await sleep(1_500)
  reading = false
  await reader
  const numbers = got.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]))
  assert.ok(numbers.length > 10)
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, n) => n + 1),
  )
})
