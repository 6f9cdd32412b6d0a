import { X509Certificate } from 'node:crypto'
import {
  type CertificateAndKey,
  createAuthority,
  signCertificate,
} from '../../../app/identity/pki/certificate.ts'
import { createTestAuthority, daysFromNow } from '../../helpers/certificates.ts'
import { authorityElsewhere } from '../../helpers/elsewhere.ts'
import type { AppRig } from '../app-rig.ts'
import type { Ask, Case, Group } from './ask.ts'
import { pki } from './revocation.ts'

const BILLING = 'spiffe://postern/client/billing'
const VALIDITY = { notBefore: daysFromNow(-1), notAfter: daysFromNow(9) }

/** Whose certificates are let in, and how far. */
export async function certificateGroups(rig: AppRig): Promise<readonly Group[]> {
  return [
    { name: 'certificate', base: {}, allowed: '200 billing', cases: await certificateCases(rig) },
    await issuedElsewhere('EC', rig),
    await issuedElsewhere('RSA', rig),
    { name: 'handshake', base: {}, allowed: '200 billing', cases: HANDSHAKES },
    ...(['api', 'keys', 'dashboard'] as const).map(site => ({
      ...{ name: `network of the ${site} site`, base: { site, from: '127.0.1.1' } },
      allowed: `200 ${OWNERS[site]}`,
      cases: [['an address outside', { from: '127.0.9.1' }, 'closed'] as const],
    })),
    ...(['keys', 'dashboard'] as const).map(site => otherProofs(site, rig)),
  ]
}

export const OWNERS = { api: 'billing', keys: 'reports', dashboard: 'oncall' } as const

async function certificateCases(rig: AppRig): Promise<readonly Case[]> {
  const { clients, internal, proxy } = rig.http
  const uris = [BILLING]
  const issue = (more: Parameters<typeof clients.issue>[0]) => clients.issue({ uris, ...more })
  const stranger = await createTestAuthority('Clients')
  const own = await createAuthority('billing', VALIDITY)
  const leaf = await issue({})
  const below = { commonName: 'below', usages: ['clientAuth'], uris, ...VALIDITY } as const
  return [
    ['none', { known: false }, 'closed'],
    ['of another CA of the same name', { client: await stranger.issue({ uris }) }, 'closed'],
    ['that signed itself', { client: own }, 'closed'],
    ['of the internal CA', { client: await internal.issue({ uris }) }, 'closed'],
    ["the proxy's own", { client: proxy }, 'closed'],
    ['signed by a client', { client: await signCertificate(leaf, below) }, 'closed'],
    ['expired', { client: await issue({ notAfter: daysFromNow(-0.01) }) }, 'closed'],
    ['not yet valid', { client: await issue({ notBefore: daysFromNow(0.1) }) }, 'closed'],
    ['for servers only', { client: await issue({ usages: ['serverAuth'] }) }, 'closed'],
    ['for no use at all', { client: await issue({ usages: [] }) }, '401 unauthenticated'],
    ['the client CA’s own', { client: clients }, '401 unauthenticated'],
    ['revoked', { client: await revoked(rig) }, '401 unauthenticated'],
    ['without a URI', { client: await issue({ uris: [], dnsNames: ['billing'] }) }, '401 unauthenticated'],
    ['with two URIs', { client: await issue({ uris: [BILLING, `${BILLING}2`] }) }, '401 unauthenticated'],
    ['of nobody', { client: await issue({ uris: [`${BILLING}2`] }) }, '401 unauthenticated'],
    ['in other letters', { client: await issue({ uris: [BILLING.toUpperCase()] }) }, '401 unauthenticated'],
    ['with a path behind', { client: await issue({ uris: [`${BILLING}/x`] }) }, '401 unauthenticated'],
    ['of somebody from elsewhere', { client: await client('distant') }, '403 denied'],
    ['of somebody whose time is over', { client: await client('over') }, '403 denied'],
  ]

  function client(name: string) {
    return clients.issue({ uris: [`spiffe://postern/client/${name}`] })
  }
}

/** By the command, in the running appliance. */
async function revoked(rig: AppRig): Promise<CertificateAndKey> {
  const certificate = await rig.http.clients.issue({ uris: [BILLING] })
  await pki(rig, 'revoke', '--serial', new X509Certificate(certificate.cert).serialNumber)
  return certificate
}

/** Only the authority and the URI matter. */
async function issuedElsewhere(kind: 'EC' | 'RSA', rig: AppRig): Promise<Group> {
  const authority = rig.elsewhere[kind]
  const stranger = await authorityElsewhere(kind)
  return {
    name: `${kind} certificate issued elsewhere`,
    base: { client: await authority.issue([BILLING]) },
    allowed: '200 billing',
    cases: [
      ['by an authority of the same name', { client: await stranger.issue([BILLING]) }, 'closed'],
      ['without a URI', { client: await authority.issue([]) }, '401 unauthenticated'],
      ['of nobody', { client: await authority.issue([`${BILLING}2`]) }, '401 unauthenticated'],
    ],
  }
}

const HANDSHAKES: readonly Case[] = [
  ['TLS 1.2', { tls: { maxVersion: 'TLSv1.2' } }, 'closed'],
  ['no name', { servername: '' }, 'closed'],
  ['another name', { servername: 'api.example.com' }, 'closed'],
  ['a name that goes on', { servername: 'localhost.example.com' }, 'closed'],
  ['another Host', { host: 'other.example' }, '421'],
  ['another Host that begins alike', { host: 'localhost.example.com' }, '421'],
  ['an address for a Host', { host: '127.0.0.1' }, '421'],
]

/** What counts on another site counts nothing here. */
function otherProofs(site: 'keys' | 'dashboard', rig: AppRig): Group {
  const refused = site === 'keys' ? '401 unauthenticated' : '401 edge.401'
  const others: readonly (readonly [string, Ask])[] = [
    ['nothing', {}],
    ['a certificate', { client: rig.honest }],
    ['a cookie', { headers: ['Cookie: session=1'] }],
    ['a wrong key', { headers: [`Authorization: Bearer pk_${'x'.repeat(43)}`] }],
    ['an empty key', { headers: ['Authorization: Bearer '] }],
    ['a password of nobody', { headers: ['Authorization: Basic cm9vdDpyb290'] }],
    ['the name alone', { headers: ['Authorization: Basic b25jYWxsOg=='] }],
    ['a key in the address', { path: '/v1/whoami?api_key=pk_1' }],
  ]
  const cases = others.map(([name, change]) => [name, { ...change, known: false }, refused] as const)
  return { name: `proof on the ${site} site`, base: { site }, allowed: `200 ${OWNERS[site]}`, cases }
}
