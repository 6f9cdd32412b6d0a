import { type Case, type Group, KEY } from './ask.ts'
import { OWNERS } from './certificates.ts'

const FORGED = ':Zm9yZ2Vk:'

/** Headers that only the edge may write, in every way that somebody else could. */
export const CLAIMS: readonly (readonly string[])[] = [
  [`Client-Cert: ${FORGED}`],
  [`client-cert: ${FORGED}`],
  [`CLIENT-CERT: ${FORGED}`],
  [`Client_Cert: ${FORGED}`],
  [`Client.Cert: ${FORGED}`],
  [`Client-Cert: ${FORGED}`, `Client-Cert: ${FORGED}`],
  [`Client-Cert-Chain: ${FORGED}`],
  ['Connection: Client-Cert', `Client-Cert: ${FORGED}`],
  ['Connection: Client-Cert, Postern-Site, Postern-Remote-Ip, Postern-Basic-User'],
  ['Postern-Site: forged', 'Postern-Remote-Ip: forged', 'Postern-Basic-User: forged'],
  ['Postern-Basic-User: oncall', 'Postern-Site: dashboard'],
  ['postern_site: forged', 'Postern_Basic_User: forged', 'Postern.Site: forged'],
  ['Postern-Site: forged', 'Postern-Site: forged'],
  ['Postern-Ask: forged', 'Postern-Policy: forged'],
  ['X-Request-Id: forged', 'X-Request-ID: forged', 'X_Request_Id: forged'],
  ['Forwarded: for=forged', 'X-Real-IP: forged', 'X-Forwarded-For: forged', 'X-Forwarded-Host: forged'],
]

const REFUSED = { api: 'closed', keys: '401 unauthenticated', dashboard: '401 edge.401' } as const

/** No claim makes somebody of nobody; and, as its twin, none makes anything else of somebody who is known. */
export function claimGroups(): readonly Group[] {
  const hooks = CLAIMS.map((headers, n) => ({
    name: `claims on the hooks site, ${n + 1}`,
    base: { site: 'hooks', path: '/hooks/x', headers } as const,
    allowed: '404 not-found', // by the app, which has no hooks yet
    cases: [],
  }))
  return (['api', 'keys', 'dashboard'] as const)
    .flatMap<Group>(site =>
      CLAIMS.map(headers => ({
        name: `${site}: ${headers.join(' + ').replaceAll(FORGED, '…')}`,
        base: { site, headers },
        allowed: `200 ${OWNERS[site]}`,
        cases: [['from nobody', { known: false }, REFUSED[site]] as Case],
      })),
    )
    .concat(hooks)
}

const OTHER_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'FOO', 'get']

/** Methods that a path does not have. */
export function methodGroups(): readonly Group[] {
  return (['api', 'keys', 'dashboard'] as const).map(site => ({
    ...{ name: `method on the ${site} site`, base: { site }, allowed: `200 ${OWNERS[site]}` },
    cases: [
      ...OTHER_METHODS.map(
        method => [method, { method }, /^(405 method-not-allowed|403 cross-site|400)$/] as const,
      ),
      ['CONNECT', { method: 'CONNECT' }, '405 edge.405'],
    ],
  }))
}

/** Two readers could take these for two different requests. */
export function shapeGroups(): readonly Group[] {
  const post = { method: 'POST', path: '/v1/whoami' }
  const cases: readonly Case[] = [
    ['two lengths', { ...post, headers: ['Content-Length: 1', 'Content-Length: 2'], body: 'x' }, '400'],
    [
      'a length and chunks',
      { ...post, headers: ['Content-Length: 6', 'Transfer-Encoding: chunked'], body: '0\r\n\r\n' },
      /^(400|405)/,
    ],
    ['an unknown coding', { ...post, headers: ['Transfer-Encoding: xchunked'], body: 'x' }, '501'],
    ['two codings', { ...post, headers: ['Transfer-Encoding: chunked, chunked'], body: '0\r\n\r\n' }, '501'],
    ['a negative length', { ...post, headers: ['Content-Length: -1'] }, '400'],
    ['an empty length', { ...post, headers: ['Content-Length: '] }, '400'],
    ['a length with a sign', { ...post, headers: ['Content-Length: +1'], body: 'x' }, '400'],
    ['two hosts', { headers: ['Host: localhost'] }, '400'],
    ['no host', { host: '' }, '400'],
    ['a space before the colon', { headers: ['X-A : b'] }, '400'],
    ['no colon', { headers: ['X-A'] }, '400'],
    ['a NUL in a value', { headers: ['X-A: b\0c'] }, '400'],
    ['a bare CR in a value', { headers: ['X-A: b\rX-B: c'] }, '400'],
    ['an odd letter in a name', { headers: ['X(A): b'] }, '400'],
    ['a version that there is not', { version: 'HTTP/3.0' }, /^(400|505)$/],
    ['no version', { version: '' }, '400'],
    ['two keys', { headers: [`Authorization: Bearer ${KEY}`] }, '400 malformed'],
  ]
  return [{ name: 'shape', base: { site: 'keys' }, allowed: '200 reports', cases }]
}
