import { isIP } from 'node:net'
import { PosternError } from '../lib/error.ts'
import type { Edge, Site, SiteName } from './snapshot.ts'

export type SiteToRender = {
  readonly name: SiteName
  readonly site: Site
  readonly edge: Edge
  /** The allowed ranges; empty means anybody. */
  readonly cidrs: readonly string[]
  readonly loopback: readonly string[]
}

const LOCAL = 'localhost'
const HTTPS_PORT = 443
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i
const USER_NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/
const EMAIL = /^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$/
/** Characters that mean nothing to the Caddyfile, to its placeholders or to a shell that shows the file. */
const SAFE_PATH = /^[A-Za-z0-9._/ @+-]+$/
const SAFE_URL = /^https:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~/-]*)?$/

/** One site block, without indentation of its own. */
export function siteLines(part: SiteToRender): string[] {
  assertGuarded(part)
  const { hostname, address } = parseAddress(part.name, part.site.address)
  const isLocal = hostname === LOCAL
  const headers = isLocal || part.edge.tls.mode === 'internal' ? [] : ['import hsts']
  return block(address, [
    ...(isLocal && part.loopback.length > 0 ? [`bind ${part.loopback.map(ipAddress).join(' ')}`] : []),
    ...tlsLines(part),
    'import access-log',
    'import say-little',
    ...block('route', routeLines(part)),
    ...(part.site.basicAuth.length > 0 ? block('import count-guesses', headers) : []),
    ...block('import errors', headers),
  ])
}

/**
 * Whether the dashboard is one that people find by its name alone, so that plain HTTP on port 80 leads there: on the usual
 * port, with certificates that browsers trust.
 */
export function leadsToHttps({ tls, sites: { dashboard } }: Edge): boolean {
  if (dashboard === undefined || tls.mode === 'internal') return false
  const { hostname, port } = parseAddress('dashboard', dashboard.address)
  return hostname !== LOCAL && port === HTTPS_PORT
}

/** The site blocks of port 80, for a dashboard that people find by its name; the network is asked first there, too. */
export function plainHttpLines({ site, cidrs }: Pick<SiteToRender, 'site' | 'cidrs'>): string[][] {
  const { hostname } = parseAddress('dashboard', site.address)
  return [
    block(`http://${hostname}`, [...outsideLines(cidrs), `import to-https ${hostname}`]),
    block('http://', ['import no-plain-http']),
  ]
}

function outsideLines(cidrs: readonly string[]): string[] {
  return cidrs.length > 0 ? [`@outside not remote_ip ${cidrs.join(' ')}`, 'abort @outside'] : []
}

/** Order is meaning: the network before the hash of a password, and claims go before the app is spoken to. */
function routeLines(part: SiteToRender): string[] {
  const { limits } = part.edge
  return [
    ...outsideLines(part.cidrs),
    'import refuse-odd-paths',
    ...(part.name === 'hooks' ? ['import only-below /hooks'] : []),
    `import sizes ${bytes(limits.maxBodyBytes)} ${bytes(limits.maxUploadBytes)}`,
    'import strip-claims',
    ...(part.name === 'dashboard' ? [] : ['import no-cookies']),
    ...basicAuthLines(part),
    ...(part.name === 'dashboard' ? ['request_header -Authorization'] : []),
    ...toAppLines(part),
  ]
}

function toAppLines(part: SiteToRender): string[] {
  if (part.name === 'api') {
    return block('import to-app api', [
      'header_up Client-Cert ":{http.request.tls.client.certificate_der_base64}:"',
    ])
  }
  if (part.name === 'dashboard' && part.site.basicAuth.length > 0) {
    return block('import to-app dashboard', ['header_up Postern-Basic-User {http.auth.user.id}'])
  }
  return [`import to-app ${part.name}`]
}

function basicAuthLines(part: SiteToRender): string[] {
  const { basicAuth } = part.site
  if (basicAuth.length === 0) return []
  const users = basicAuth.map(user => {
    const ref = part.edge.basicAuthUsers.get(user)
    if (!USER_NAME.test(user) || ref === undefined) {
      throw new PosternError(
        'edge.basic_auth',
        `basic auth: the user ${JSON.stringify(user)} cannot be rendered`,
      )
    }
    return `${user} "{file.${secretPath(ref)}}"`
  })
  return [
    'import refuse-guessers',
    `@nobody expression \`!{http.request.header.Authorization}.matches("^(?i:basic) (${basicAuth.map(beginningOf).join('|')})[A-Za-z0-9+/]*=*$")\``,
    'header @nobody WWW-Authenticate `Basic realm="Postern"`',
    'error @nobody 401',
    ...block('basic_auth argon2id Postern', users),
  ]
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/**
 * How the credentials of a user begin, whatever the password: base64 writes three bytes as four letters, so that the last
 * letter may say something of the password as well. Caddy would hash a password for unknown names too, at 46 MiB each and as
 * many at once as somebody asks for. Of several headers it reads the first, and the expression sees all of them, with commas.
 */
function beginningOf(user: string): string {
  const bytes = Buffer.from(`${user}:`)
  const letters = bytes.toString('base64').replaceAll('=', '')
  const lastCanBe = [1, 16, 4][bytes.length % 3] ?? 1
  const last = BASE64.indexOf(letters.at(-1) ?? '')
  return `${letters.slice(0, -1).replaceAll('+', '[+]')}[${BASE64.slice(last, last + lastCanBe)}]`
}

function tlsLines({ edge, site, name }: SiteToRender): string[] {
  const inside = [
    ...(name === 'api' ? ['protocols tls1.3'] : []),
    site.clientCertificates ? 'import client-certificates' : 'import no-session-tickets',
  ]
  const { tls } = edge
  if (tls.mode === 'internal') return block('tls internal', inside)
  if (tls.mode === 'files')
    return block(`tls "${secretPath(tls.certificate)}" "${secretPath(tls.key)}"`, inside)
  return block('tls', [...acmeLines(tls), ...inside])
}

/** Port 80 need not be open, so the challenge that needs it is off. */
function acmeLines(tls: Extract<Edge['tls'], { mode: 'acme' }>): string[] {
  return block('issuer acme', [
    ...(tls.ca === undefined ? [] : [`dir ${matching('edge.acme', 'ca', tls.ca, SAFE_URL)}`]),
    ...(tls.caRoot === undefined ? [] : [`trusted_roots "${secretPath(tls.caRoot)}"`]),
    `email ${matching('edge.acme', 'email', tls.email, EMAIL)}`,
    'disable_http_challenge',
  ])
}

/** The policy's schema says the same; said again here because an open api or keys site must not be one slip away. */
function assertGuarded({ name, site, cidrs }: SiteToRender): void {
  if (name === 'api' && !site.clientCertificates) {
    throw new PosternError('edge.open_site', 'the api site needs clientCertificates: required')
  }
  if ((name === 'keys' || name === 'dashboard') && cidrs.length === 0) {
    throw new PosternError('edge.open_site', `the ${name} site needs networks`)
  }
}

type Address = { readonly hostname: string; readonly port: number; readonly address: string }

function parseAddress(site: SiteName, address: string): Address {
  const match = /^https:\/\/([^/:]+)(?::(\d{1,5}))?$/.exec(address)
  const hostname = match?.[1]?.toLowerCase() ?? ''
  const port = Number(match?.[2] ?? HTTPS_PORT)
  // An IP address sends no server name, and without one Caddy cannot choose the site's TLS policy.
  if (!HOST_NAME.test(hostname) || isIP(hostname) !== 0 || port < 1 || port > 65_535) {
    throw new PosternError(
      'edge.address',
      `site ${site}: expected https://HOST[:PORT], got ${JSON.stringify(address)}`,
    )
  }
  const shown = port === HTTPS_PORT ? `https://${hostname}` : `https://${hostname}:${port}`
  return { hostname, port, address: shown }
}

/** `secret:NAME` → a file below the secrets folder, `file:/abs` → that file. Throws PosternError `edge.reference`. */
export function secretPath(ref: string): string {
  const name = /^secret:(?!\.)([A-Za-z0-9._-]+)$/.exec(ref)?.[1]
  if (name !== undefined) return `{$EDGE_SECRETS}/${name}`
  const file = /^file:(\/.+)$/.exec(ref)?.[1] ?? ''
  return matching('edge.reference', 'reference', file, SAFE_PATH, ref)
}

function bytes(value: number): string {
  if (Number.isSafeInteger(value) && value > 0) return String(value)
  throw new PosternError('edge.limit', `limits: expected a whole number of bytes above 0, got ${value}`)
}

function ipAddress(text: string): string {
  if (isIP(text) !== 0) return text
  throw new PosternError('edge.address', `loopback: expected an IP address, got ${JSON.stringify(text)}`)
}

function matching(code: string, what: string, value: string, pattern: RegExp, shown = value): string {
  if (pattern.test(value)) return value
  throw new PosternError(
    code,
    `${what}: ${JSON.stringify(shown)} cannot be written into the Caddy configuration`,
  )
}

function block(head: string, lines: readonly string[]): string[] {
  return lines.length === 0
    ? [head]
    : [`${head} {`, ...lines.map(line => (line === '' ? '' : `\t${line}`)), '}']
}
