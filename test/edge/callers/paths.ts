import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppRig } from '../app-rig.ts'
import { type Ask, ask, type Case, type Group } from './ask.ts'

/** Caddy, Express and a reader agree on these, so they arrive byte for byte. */
const PLAIN = [
  '/',
  '/?',
  '/?a=//../%2e%2f;',
  '/v1',
  '/v1/',
  '/V1/Accounts',
  '/v1/accounts/main/messages?chat=%2B33&before=a%2Fb',
  '/v1/contacts/+12025550177',
  '/v1/contacts/%2B12025550177/consent',
  '/v1/contacts/%2b12025550177',
  '/v1/accounts/main/chats/12025550177@s.whatsapp.net/read',
  '/v1/accounts/main/chats/12025550177%40s.whatsapp.net/read',
  '/v1/accounts/main/groups/12025550177-1400000000@g.us',
  '/v1/accounts/main/chats/1:2@lid',
  '/v1/accounts/main/chats/1%3A2@lid',
  '/v1/messages/3EB0_a-b~c.d',
  '/v1/trailing.',
  '/v1/trailing./x',
  '/v1/a..b',
  "/v1/!$&'()*,=",
]

/** Two readers could disagree on these. Each is sent as it stands, then with its hex digits in upper case. */
const ODD = [
  '//',
  '//v1/whoami',
  '/v1//whoami',
  '/v1/whoami//',
  '/.',
  '/..',
  '/./v1',
  '/../v1',
  '/v1/./whoami',
  '/v1/../v1/whoami',
  '/v1/whoami/.',
  '/v1/whoami/..',
  '/v1/...',
  '/.hidden',
  '/v1/%2e/whoami',
  '/v1/%2e%2e/whoami',
  '/v1/.%2e/whoami',
  '/v1/%2e./whoami',
  '/v1/a%2eb',
  '/v1%2fwhoami',
  '/v1/x%2f..%2fwhoami',
  '/%2fv1',
  '/v1%5cwhoami',
  '/v1/%5c..%5c',
  '/v1\\whoami',
  '/v1/whoami;x=1',
  '/v1;/whoami',
  '/v1/whoami%3bx',
  '/v1/whoami%00',
  '/v1/%00/whoami',
  '/v1/whoami%0a',
  '/v1/whoami%0d%0ax:y',
  '/v1/%09',
  '/v1/%7f',
  '/v1/%20',
  '/v1/whoami%3fx',
  '/v1/whoami%23',
  '/v1/%25%32%65',
  '/v1/%252e',
  '/v1/%76hoami',
  '/v1/%c0%ae',
  '/v1/%e2%80%ae',
  '/v1/%u002e',
  '/v1/%',
  '/v1/%zz',
  '/v1/{x}',
  '/v1/a|b',
  '/v1/"',
  '/v1/<x>',
  '/v1/caf\u00e9',
  '/v1/#x',
  'v1/whoami',
  '*',
]

const CONTROL = ['\0', '\x01', '\t', '\x0b', '\x7f', ' '].map(character => `/v1/a${character}b`)

/** Paths that two readers could read in two ways: refused before the app sees them, beside those that all read alike. */
export function pathGroups(): readonly Group[] {
  const odd = [...new Set(ODD.flatMap(one => [one, upperHex(one)]))]
  const cases: readonly Case[] = [
    ...odd.map(path => [JSON.stringify(path), { path }, /^400( edge.400)?$/] as const),
    ...CONTROL.map(path => [JSON.stringify(path), { path }, /^(400|closed)/] as const),
    ['a whole address', { path: 'https://localhost/v1/whoami' }, '400 edge.400'],
  ]
  const elsewhere = ['/v1/accounts', '/', '/hooks', '/livez', '/HOOKS/x'].map(
    path => [path, { path }, '404 edge.404'] as const,
  )
  const hooks: Ask = { site: 'hooks', path: '/hooks/x' }
  return [
    { name: 'path', base: { site: 'keys' }, allowed: '200 reports', cases },
    // The app has no hooks yet, and says so itself.
    { name: 'path of the hooks site', base: hooks, allowed: '404 not-found', cases: elsewhere },
  ]
}

/** What Caddy lets through, Express reads as it was sent: its own answers name the path that it saw. */
export function pathTests(rigOf: () => AppRig): void {
  test('hands plain paths on byte for byte, and Express reads them as they are', async t => {
    const rig = rigOf()
    for (const path of PLAIN) {
      await t.test(path, async () => {
        const { told, body, arrived } = await ask(rig, rig.honest, { site: 'keys', path })
        assert.match(told, /^(404 not-found|405 method-not-allowed|422 invalid|503 not-connected|200)$/)
        assert.deepEqual(
          arrived.map(({ url }) => url),
          [path],
        )
        if (!told.startsWith('200')) assert.equal(JSON.parse(body).instance, path.split('?')[0])
      })
    }
  })
}

function upperHex(path: string): string {
  return path.replace(/%[0-9a-f]{2}/g, code => code.toUpperCase())
}
