import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AppRig } from '../app-rig.ts'
import { open, sendRaw } from '../raw-request.ts'
import { KEY } from './ask.ts'

const BODY_TIMEOUT_MS = 1_000
const AT_ONCE = 3
const MESSAGE = JSON.stringify({ to: '+12025550199', type: 'text', text: { body: 'slow' } })

/** Nothing that looks like an answer of success comes to somebody whose request was never whole. */
export function slowBodyTests(rigOf: () => AppRig): void {
  test('answers 408 to each body that does not come in time, acts on none, and hangs up', async () => {
    const rig = rigOf()
    withTime(rig, BODY_TIMEOUT_MS)
    const begun = performance.now()
    const half = MESSAGE.slice(0, 20)
    const ways = (['api', 'keys'] as const).flatMap(site => [
      { site, bytes: `${head(rig, site)}Content-Length: ${MESSAGE.length}\r\n\r\n${half}` },
      { site, bytes: `${head(rig, site)}Transfer-Encoding: chunked\r\n\r\n${size(MESSAGE)}\r\n${half}` },
      { site, bytes: `${head(rig, site)}Transfer-Encoding: chunked\r\n\r\n${size(half)}\r\n${half}\r\n` },
    ])
    const slow = ways.flatMap(({ site, bytes }) =>
      Array.from({ length: AT_ONCE }, () => sendRaw(bytes, to(rig, site))),
    )
    for (const answer of await Promise.all(slow)) {
      assert.ok(answer.kind === 'answered', JSON.stringify(answer))
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [408, 'too-slow'])
      assert.match(answer.head, /^connection: close/im)
    }
    assert.ok(performance.now() - begun >= BODY_TIMEOUT_MS)
    assert.equal(
      (await rig.http.store.messages.list({ account: 'main', chat: '+12025550199', limit: 10 })).items.length,
      0,
    )
    withTime(rig, rig.edge.snapshot.edge.limits.bodyTimeoutMs)
  })

  test('takes a body that comes slowly and in time, and gives files more of it', async () => {
    const rig = rigOf()
    const slowly = (path: string, type: string) => answerTo(rig, path, type)
    assert.match(await slowly('/v1/accounts/main/messages', 'application/json'), /^HTTP\/1\.1 202/)
    withTime(rig, BODY_TIMEOUT_MS / 4)
    assert.match(await slowly('/v1/accounts/main/media', 'text/plain'), /^HTTP\/1\.1 201/)
    withTime(rig, rig.edge.snapshot.edge.limits.bodyTimeoutMs)
  })
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
async function answerTo(rig: AppRig, path: string, type: string): Promise<string> {
  const socket = open(to(rig, 'api'))
  const answered = new Promise<string>((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed without an answer')))
  })
  socket.write(
    `${head(rig, 'api', path, type)}Content-Length: ${MESSAGE.length}\r\n\r\n${MESSAGE.slice(0, 20)}`,
  )
  await sleep(BODY_TIMEOUT_MS / 2)
  socket.write(MESSAGE.slice(20))
  return await answered.finally(() => socket.destroy())
}
