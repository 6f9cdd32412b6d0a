import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { renderEdge } from '../../../app/policy/render-edge.ts'
import { reloadEdge, writeNext } from '../../../app/supervise/edge.ts'
import type { AppRig } from '../app-rig.ts'
import { open, sendRaw } from '../raw-request.ts'
import { KEY } from './ask.ts'

const BODY_TIMEOUT_MS = 1_000
const AT_ONCE = 3
const MESSAGE = JSON.stringify({ to: '+12025550199', type: 'text', text: { body: 'slow' } })

/** What comes to somebody whose request is never whole. */
export function slowBodyTests(rigOf: () => AppRig): void {
  test('answers 408 to each body that does not come in time, acts on none, and hangs up', async () => {
    const rig = rigOf()
    await applyTime(rig, BODY_TIMEOUT_MS)
    const begun = performance.now()
    const half = MESSAGE.slice(0, 20)
    const heads = [
      ...(['api', 'keys'] as const).map(site => ({ site, start: head(rig, site) })),
      { site: 'keys' as const, start: head(rig, 'keys').replace(KEY, `${KEY}x`) },
      { site: 'keys' as const, start: head(rig, 'keys', '/v1/nothing') },
    ]
    const ways = heads.flatMap(({ site, start }) => [
      { site, bytes: `${start}Content-Length: ${MESSAGE.length}\r\n\r\n${half}` },
      { site, bytes: `${start}Transfer-Encoding: chunked\r\n\r\n${size(MESSAGE)}\r\n${half}` },
      { site, bytes: `${start}Transfer-Encoding: chunked\r\n\r\n${size(half)}\r\n${half}\r\n` },
    ])
    const slow = ways.flatMap(({ site, bytes }) =>
      Array.from({ length: AT_ONCE }, () => sendRaw(bytes, to(rig, site))),
    )
    for (const answer of await Promise.all(slow)) {
      assert.ok(answer.kind === 'answered', JSON.stringify(answer))
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [408, 'edge.408'])
      assert.match(answer.head, /^connection: close/im)
    }
    const tookMs = performance.now() - begun
    assert.ok(tookMs >= BODY_TIMEOUT_MS)
    const sent = await rig.http.store.messages.list({ account: 'main', chat: '+12025550199', limit: 10 })
    assert.equal(sent.items.length, 0)
    await applyTime(rig, rig.edge.snapshot.edge.limits.bodyTimeoutMs)
  })

  test('refuses bodies that are whole, and those that come slowly and in time, with an answer', async () => {
    const rig = rigOf()
    for (const [start, status] of [
      [head(rig, 'keys').replace(KEY, `${KEY}x`), 401],
      [head(rig, 'keys', '/v1/nothing'), 404],
    ] as const) {
      const announced = `${start}Connection: close\r\nContent-Length: ${MESSAGE.length}\r\n\r\n`
      const whole = await sendRaw(announced + MESSAGE, to(rig, 'keys'))
      assert.equal(whole.kind === 'answered' && whole.status, status)
      assert.match(await inTwo(rig, 'keys', announced), new RegExp(`^HTTP/1\\.1 ${status}`))
    }
  })

  test('takes a body that comes slowly and in time, and gives files more of it', async () => {
    const rig = rigOf()
    const slowly = (path: string, type: string) =>
      inTwo(rig, 'api', `${head(rig, 'api', path, type)}Content-Length: ${MESSAGE.length}\r\n\r\n`)
    assert.match(await slowly('/v1/accounts/main/messages', 'application/json'), /^HTTP\/1\.1 202/)
    withTime(rig, BODY_TIMEOUT_MS / 4)
    assert.match(await slowly('/v1/accounts/main/media', 'text/plain'), /^HTTP\/1\.1 201/)
    withTime(rig, rig.edge.snapshot.edge.limits.bodyTimeoutMs)
  })
}

/** As the policy has it, in the app and in Caddy. */
async function applyTime(rig: AppRig, bodyTimeoutMs: number): Promise<void> {
  const { config, deps, snapshot } = rig.edge
  const limits = { ...snapshot.edge.limits, bodyTimeoutMs }
  const part = renderEdge(
    { ...snapshot, edge: { ...snapshot.edge, limits } },
    { loopback: ['127.0.0.1', '::1'] },
  )
  assert.deepEqual(await reloadEdge(deps, writeNext(config, part)), { ok: true })
  withTime(rig, bodyTimeoutMs)
}

/** As the app's policy has it; Caddy waits as long as the one that it was started with says, and longer. */
function withTime(rig: AppRig, bodyTimeoutMs: number): void {
  const { edge } = rig.edge.snapshot
  rig.setPolicy({ edge: { ...edge, limits: { ...edge.limits, bodyTimeoutMs } } })
}

const to = (rig: AppRig, site: 'api' | 'keys') => ({
  ...{ port: rig.ports[site], ca: rig.edge.ca, withinMs: 60_000 },
  ...(site === 'api' && { client: rig.honest }),
})

function head(
  rig: AppRig,
  site: 'api' | 'keys',
  path = '/v1/accounts/main/messages',
  type = 'application/json',
): string {
  const proof = site === 'keys' ? `Authorization: Bearer ${KEY}\r\n` : ''
  return `POST ${path} HTTP/1.1\r\nHost: localhost:${rig.ports[site]}\r\nContent-Type: ${type}\r\n${proof}`
}

const size = (text: string) => text.length.toString(16)

/** The first that comes back for a body in two pieces. */
async function inTwo(rig: AppRig, site: 'api' | 'keys', start: string): Promise<string> {
  const socket = open(to(rig, site))
  const answered = new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed without an answer')))
  })
  socket.write(start + MESSAGE.slice(0, 20))
  await sleep(BODY_TIMEOUT_MS / 2)
  socket.write(MESSAGE.slice(20))
  return await answered.finally(() => socket.destroy())
}
