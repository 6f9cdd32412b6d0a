import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Ask, Case, Group } from './ask.ts'

const KIB = 1_024
/** As the policy of the rig has it. */
const MAX_BODY = 16 * KIB
const MESSAGE = { to: '+12025550177', type: 'text', text: { body: 'hello' } }
/** Ten megabytes of spaces around a message, in some ten kilobytes. */
const BOMB = Buffer.from(JSON.stringify(MESSAGE).padEnd(10_000 * KIB))

const UNSUPPORTED = '415 unsupported-media-type'

/** What a body, its headers and an address may come to. */
export function bodyGroups(): readonly Group[] {
  return [
    { name: 'body', base: message(JSON.stringify(MESSAGE)), allowed: '202', cases: bodyCases() },
    { name: 'body of the largest size', base: message(sized(MAX_BODY)), allowed: '202', cases: sizeCases() },
    {
      name: 'address',
      base: { path: `/v1/whoami?${'a'.repeat(8 * KIB)}` },
      allowed: '200 billing',
      cases: [
        ['longer than 16 KiB', { path: `/v1/whoami?${'a'.repeat(24 * KIB)}` }, /^(400|414|431)$/],
        ['with a path longer than 16 KiB', { path: `/v1/${'a'.repeat(24 * KIB)}` }, /^(400|414|431)$/],
      ],
    },
    {
      name: 'headers',
      base: { headers: [`X-Long: ${'x'.repeat(8 * KIB)}`] },
      allowed: '200 billing',
      cases: [
        ['one of 24 KiB', { headers: [`X-Long: ${'x'.repeat(24 * KIB)}`] }, '431'],
        [
          'a thousand of them',
          { headers: Array.from({ length: 1_000 }, (_, n) => `X-${n}: ${'x'.repeat(20)}`) },
          '431',
        ],
      ],
    },
  ]
}

function bodyCases(): readonly Case[] {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const inside = (text: string) => JSON.stringify(MESSAGE).replace('"hello"', text)
  const many = JSON.stringify(Array.from({ length: 2_001 }, () => 0))
  return [
    ...Object.entries({
      gzip: gzipSync,
      'x-gzip': gzipSync,
      deflate: deflateSync,
      br: brotliCompressSync,
    }).map(
      ([coding, compress]) =>
        [
          `a bomb in ${coding}`,
          message(compress(BOMB), [`Content-Encoding: ${coding}`]),
          UNSUPPORTED,
        ] as const,
    ),
    ['gzip in gzip', message(gzipSync(gzipSync(BOMB)), ['Content-Encoding: gzip, gzip']), UNSUPPORTED],
    ['a coding that is none', message(JSON.stringify(MESSAGE), ['Content-Encoding: x']), UNSUPPORTED],
    ['nested 33 deep', message(inside(deep(33))), '422 invalid'],
    ['nested 8000 deep', message(inside(deep(8_000))), '422 invalid'],
    ['a list nested 8000 deep', message(deep(8_000)), '422 invalid'],
    ['two thousand members and one', message(inside(many)), '422 invalid'],
    ['a member that is not known', message(inside('"hello", "bodi": "x"')), '422 invalid'],
    ['a prototype', message(inside('"hello", "__proto__": { "x": 1 }')), '422 invalid'],
    ['half of it', message(JSON.stringify(MESSAGE).slice(0, 30)), '400 malformed'],
    ['two of them', message(`${JSON.stringify(MESSAGE)}${JSON.stringify(MESSAGE)}`), '400 malformed'],
    ['not JSON', message('to=%2B12025550177'), '400 malformed'],
    ['in UTF-7', message(JSON.stringify(MESSAGE), [], 'application/json; charset=utf-7'), UNSUPPORTED],
    ['a form', message('to=1', [], 'application/x-www-form-urlencoded'), UNSUPPORTED],
    ['of no type', message(JSON.stringify(MESSAGE), [], ''), UNSUPPORTED],
    ['two types', message(JSON.stringify(MESSAGE), ['Content-Type: text/plain']), '400 malformed'],
  ]
}

function sizeCases(): readonly Case[] {
  const chunked = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
  const over = sized(MAX_BODY + 1)
  const { headers = [] } = message('')
  const inChunks = headers
    .filter(line => !line.startsWith('Content-Length'))
    .concat('Transfer-Encoding: chunked')
  return [
    ['one byte more', message(over), /^413 /],
    ['one byte more, in chunks', { headers: inChunks, body: chunked(over) }, /^413 /],
  ]
}

/** A message as long as this, in a text of spaces. */
function sized(bytes: number): string {
  return JSON.stringify(MESSAGE).padEnd(bytes)
}

function message(body: string | Buffer, more: readonly string[] = [], type = 'application/json'): Ask {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const headers = [...(type === '' ? [] : [`Content-Type: ${type}`]), length, ...more]
  return { method: 'POST', path: '/v1/accounts/main/messages', headers, body }
}
