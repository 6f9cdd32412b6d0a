import type { PolicySnapshot, Principal, SiteName } from '../policy/snapshot.ts'
import type { ApiKeys } from './api-key.ts'
import { type CertificateFault, judgeCertificate } from './certificate.ts'
import type { ReadClientCert } from './client-certs.ts'

/** What a request brought along. Which of these counts is decided by the site alone. */
export type Presented = {
  readonly site: Exclude<SiteName, 'hooks'>
  /** `Client-Cert` as Caddy wrote it. */
  readonly clientCert?: string
  readonly authorization?: string
  /** Who passed Caddy's basic auth. */
  readonly basicUser?: string
}

export type Credential =
  | { readonly kind: 'certificate'; readonly serial: string; readonly expiresAt: Date }
  | { readonly kind: 'api_key'; readonly id: string }
  | { readonly kind: 'basic'; readonly user: string }
  /** Whoever could open the control socket: no credential of the policy, and above it. */
  | { readonly kind: 'local' }

export type Authentication =
  | { readonly kind: 'known'; readonly principal: Principal; readonly credential: Credential }
  | {
      readonly kind: 'refused'
      readonly reason: RefusalReason
      /** One sentence for the caller. */
      readonly detail: string
      /** Which credential it was, when that is safe to say. */
      readonly credential?: string
    }

export type RefusalReason =
  | CertificateFault
  | 'no_certificate'
  | 'unreadable_certificate'
  | 'unknown_principal'
  | 'no_api_key'
  | 'unknown_api_key'
  | 'no_log_in'
  /** At the edge, which looks at passwords. */
  | 'wrong_password'
  | 'abandoned_password'

export type AuthenticateDeps = {
  readonly readClientCert: ReadClientCert
  readonly apiKeys: ApiKeys
  readonly now: () => Date
}

type Refused = Extract<Authentication, { kind: 'refused' }>

const BEARER = /^Bearer ([\x21-\x7e]+)$/i

/** Who asks. Each site has one kind of credential; the others are not even looked at there. */
export function authenticate(
  presented: Presented,
  snapshot: PolicySnapshot,
  deps: AuthenticateDeps,
): Authentication {
  switch (presented.site) {
    case 'api':
      return byCertificate(presented.clientCert, snapshot, deps)
    case 'keys':
      return byApiKey(presented.authorization, snapshot, deps)
    case 'dashboard':
      return byBasicUser(presented.basicUser, snapshot)
  }
}

function byCertificate(
  header: string | undefined,
  snapshot: PolicySnapshot,
  deps: AuthenticateDeps,
): Authentication {
  const presented = deps.readClientCert(header)
  if (presented.kind === 'none') return refused('no_certificate', 'A client certificate is required here.')
  if (presented.kind === 'unreadable') {
    return refused('unreadable_certificate', 'The client certificate cannot be read.')
  }
  const { revokedSerials } = snapshot
  const verdict = judgeCertificate(presented.certificate, { at: deps.now(), revokedSerials })
  if (verdict.kind === 'bad') {
    return { ...refused(verdict.reason, verdict.detail), credential: `mtls:${verdict.serial}` }
  }
  const { sanUri, serial, expiresAt } = verdict.identity
  const owners = [...snapshot.principals.values()].filter(principal => principal.sanUri === sanUri)
  const principal = owners[0]
  if (principal === undefined || owners.length > 1) {
    const detail = 'The certificate is good, but the policy names no principal for it.'
    return { ...refused('unknown_principal', detail), credential: `mtls:${serial}` }
  }
  return { kind: 'known', principal, credential: { kind: 'certificate', serial, expiresAt } }
}

function byApiKey(
  header: string | undefined,
  snapshot: PolicySnapshot,
  deps: AuthenticateDeps,
): Authentication {
  const key = header === undefined ? undefined : BEARER.exec(header)?.[1]
  if (key === undefined) return refused('no_api_key', 'Send an API key: Authorization: Bearer pk_…')
  const owner = deps.apiKeys.find(key, snapshot)
  if (owner === undefined) return refused('unknown_api_key', 'The API key is not known.')
  return { kind: 'known', principal: owner.principal, credential: { kind: 'api_key', id: owner.keyId } }
}

function byBasicUser(user: string | undefined, snapshot: PolicySnapshot): Authentication {
  if (user === undefined || user === '') return refused('no_log_in', 'Log in to use the dashboard.')
  const principal = snapshot.principals.get(user)
  if (principal?.kind !== 'operator') {
    return refused('unknown_principal', 'The policy has no person of this name.')
  }
  return { kind: 'known', principal, credential: { kind: 'basic', user } }
}

/** How the credential is written in the audit chain, e.g. `mtls:4f9a`. */
export function credentialWord(credential: Credential): string {
  switch (credential.kind) {
    case 'certificate':
      return `mtls:${credential.serial}`
    case 'api_key':
      return `key:${credential.id}`
    case 'basic':
      return `basic:${credential.user}`
    case 'local':
      return 'local'
  }
}

function refused(reason: RefusalReason, detail: string): Refused {
  return { kind: 'refused', reason, detail }
}
