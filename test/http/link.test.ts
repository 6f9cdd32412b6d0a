import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { encode } from 'uqr'
import { pngOf } from '../../app/http/wire/png.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const spare = '/v1/accounts/spare/link'
const link = (body: unknown, path = spare) => http.ask({ path, as: 'billing', method: 'POST', body })
const look = (accept: string, as = 'billing') => http.ask({ path: spare, as, headers: { accept } })

describe('linking an account', () => {
  test('has nothing to show before it began', async () => {
    assert.equal((await look('application/json')).status, 404)
  })

  test('is refused for one that is linked, one that is not there, and one the caller may not link', async () => {
    const linked = await link({ method: 'qr' }, '/v1/accounts/main/link')
    assert.deepEqual([linked.status, linked.json.code], [409, 'already-linked'])
    assert.equal((await link({}, '/v1/accounts/ghost/link')).status, 404)
    assert.equal((await http.ask({ path: '/v1/accounts/main/link', as: 'narrow', body: {} })).status, 403)
    assert.equal((await http.ask({ path: spare, as: 'narrow', body: {} })).status, 404)
  })

  test('is refused for what it cannot read', async () => {
    const faults = [
      [{ method: 'fax' }, '$.method'],
      [{ method: 'code' }, '$.phone'],
      [{ method: 'code', phone: 'mine' }, '$.phone'],
      [{ method: 'qr', phone: '+12025550100' }, '$.phone'],
      [{ methd: 'qr' }, '$.methd'],
    ] as const
    for (const [body, path] of faults) {
      const answer = await link(body)
      assert.equal(answer.status, 422)
      assert.equal(answer.json.errors[0].path, path)
    }
  })

  test('shows the code as JSON, as a picture to scan, and nothing to those who may only read', async () => {
    const begun = await link({ method: 'qr' })
    assert.equal(begun.status, 202)
    assert.equal(begun.json.state, 'waiting')
    const shown = await look('application/json')
    assert.deepEqual(shown.json, begun.json)
    const svg = await look('image/svg+xml')
    assert.match(svg.headers['content-type'] ?? '', /^image\/svg\+xml/)
    assert.match(svg.bytes.toString(), /^<svg/)
    const png = await look('image/png')
    assert.equal(png.headers['content-type'], 'image/png')
    assert.equal(png.headers['cache-control'], 'no-store')
    assert.deepEqual(pixelsOf(png.bytes), expectedPixels(begun.json.qr))
    assert.equal((await look('text/html')).status, 406)
    assert.equal((await look('*/*')).json.state, 'waiting')
    assert.equal((await look('image/png', 'narrow')).status, 404)
  })

  test('by a code on the phone has no picture', async () => {
    const begun = await link({ method: 'code', phone: '12025550100' })
    assert.equal(begun.json.code, 'ABCD-1234')
    assert.equal((await look('image/png')).status, 404)
  })
})

describe('operating an account', () => {
  const operate = (operation: string, as = 'billing') =>
    http.ask({ path: `/v1/accounts/main/${operation}`, as, method: 'POST' })

  test('moves it on and answers how it stands', async () => {
    assert.equal((await operate('pause')).json.state, 'paused')
    const again = await operate('pause')
    assert.deepEqual([again.status, again.json.code], [409, 'conflict'])
    assert.equal((await operate('resume')).json.state, 'open')
    assert.equal((await operate('restart')).json.state, 'connecting')
    assert.equal((await operate('logout')).json.state, 'unlinked')
  })

  test('needs a rule for it', async () => {
    assert.equal((await operate('pause', 'narrow')).status, 403)
  })

  test('takes no body but an empty one', async () => {
    const body = { force: true }
    assert.equal((await http.ask({ path: '/v1/accounts/main/pause', as: 'billing', body })).status, 422)
  })
})

describe('the list of accounts', () => {
  test('shows each caller those it may read', async () => {
    const names = async (as: string) => {
      const answer = await http.ask({ path: '/v1/accounts', as })
      return answer.json.data.map(account => account.name)
    }
    assert.deepEqual(await names('billing'), ['main', 'spare'])
    assert.deepEqual(await names('narrow'), ['main'])
    assert.equal((await http.ask({ path: '/v1/accounts/spare', as: 'narrow' })).status, 404)
  })

  test('shows each as the contract has it', async () => {
    const { json } = await http.ask({ path: '/v1/accounts/spare', as: 'billing' })
    const health = { connected: false, receiving: false, sending: false }
    const unknown = { phone: null, last_stanza_at: null, clock_ahead_ms: null, reason: null }
    const rest = { state: 'unlinked', health, ...unknown }
    assert.deepEqual(json, { name: 'spare', display_name: 'Spare', ...rest })
  })
})

test('a picture is white where its modules are not', () => {
  const rows = [
    [true, false],
    [false, true],
  ]
  assert.deepEqual(pixelsOf(Buffer.from(pngOf(rows, 1))), rows)
})

/** Reads back a 1-bit greyscale PNG without filters; `true` is black. */
function pixelsOf(png: Buffer): boolean[][] {
  const size = png.readUInt32BE(16)
  const length = png.readUInt32BE(33)
  const rows = inflateSync(png.subarray(41, 41 + length))
  const rowBytes = 1 + Math.ceil(size / 8)
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => {
      const byte = rows[y * rowBytes + 1 + (x >> 3)] ?? 0
      return (byte & (0x80 >> (x & 7))) === 0
    }),
  )
}

function expectedPixels(qr: string): boolean[][] {
  const { data } = encode(qr, { border: 4 })
  return data.flatMap(row =>
    Array.from({ length: 8 }, () => row.flatMap(module => Array<boolean>(8).fill(module))),
  )
}
