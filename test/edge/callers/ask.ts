import { createHash } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import type { CertificateAndKey } from '../../../app/identity/pki/certificate.ts'
import type { SiteName } from '../../../app/policy/snapshot.ts'
import type { AppRig, Arrived } from '../app-rig.ts'
import { sendRaw } from '../raw-request.ts'
import { PASSWORD } from '../rig.ts'

/** A request as somebody sends it over the wire. What is not said is as an honest caller has it. */
export type Ask = {
  readonly site?: SiteName
  readonly method?: string
  readonly path?: string
  /** Shows what the site asks for. */
  readonly known?: boolean
  readonly client?: CertificateAndKey
  /** Lines as they go over the wire, after `Host`. */
  readonly headers?: readonly string[]
  /** Instead of the name and the port of the site. */
  readonly host?: string
  readonly version?: string
  readonly body?: string | Buffer
  /** The address that it comes from. */
  readonly from?: string
  readonly servername?: string
  readonly tls?: ConnectionOptions
}

/** What came of it: `closed`, or the status with the code of a problem or the name of the principal. */
export type Told = {
  readonly told: string
  readonly body: string
  /** What reached the app, besides what the edge asks for itself. */
  readonly arrived: readonly Arrived[]
}

export const KEY = `pk_${'k'.repeat(43)}`

/** One kind of refusal: each `change` to a request that is answered `allowed` makes it one that is answered `want`. */
export type Group = {
  readonly name: string
  readonly base: Ask
  readonly allowed: string
  readonly cases: readonly Case[]
}

export type Case = readonly [name: string, change: Ask, want: string | RegExp]

/** Sends it, and waits until the connection is over. */
export async function ask(rig: AppRig, honest: CertificateAndKey, asked: Ask): Promise<Told> {
  const { site = 'api', from = '127.0.0.1', servername, tls } = asked
  const client = asked.client ?? (site === 'api' && asked.known !== false ? honest : undefined)
  const before = rig.arrived.length
  const answer = await sendRaw(bytesOf(rig, asked), {
    ...{ port: rig.ports[site], ca: rig.edge.ca, withinMs: 5_000 },
    ...(client && { client }),
    ...(servername === undefined ? {} : { servername }),
    ...{ from, ...(tls && { tls }) },
  })
  const arrived = rig.arrived.slice(before)
  if (answer.kind === 'closed') return { told: 'closed', body: '', arrived }
  return { told: `${answer.status} ${wordIn(answer.body)}`.trim(), body: answer.body, arrived }
}

/** The lines as they stand; nothing is put right on the way. */
function bytesOf(rig: AppRig, asked: Ask): Buffer {
  const { site = 'api', method = 'GET', path = '/v1/whoami', version = 'HTTP/1.1', body = '' } = asked
  const host = asked.host ?? `localhost:${rig.ports[site]}`
  const lines = [
    `${method} ${path} ${version}`.trimEnd(),
    ...(host === '' ? [] : [`Host: ${host}`]),
    'Connection: close',
    ...(asked.known === false ? [] : proofOn(site)),
    ...(asked.headers ?? []),
  ]
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`),
    typeof body === 'string' ? Buffer.from(body) : body,
  ])
}

function proofOn(site: SiteName): readonly string[] {
  if (site === 'keys') return [`Authorization: Bearer ${KEY}`]
  return site === 'dashboard' ? [`Authorization: ${basic('oncall', PASSWORD)}`] : []
}

export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function wordIn(body: string): string {
  try {
    const { code, principal } = JSON.parse(body) as { code?: string; principal?: string }
    return code ?? principal ?? ''
  } catch {
    return ''
  }
}
