import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, parseAllDocuments } from 'yaml'
import type { Config } from '../config/config.ts'
import { validFor } from '../identity/pki/authority.ts'
import { type CertificateAndKey, createAuthority, signCertificate } from '../identity/pki/certificate.ts'
import { ensurePki } from '../identity/pki/ensure.ts'
import { issueClient } from '../identity/pki/issue.ts'
import type { ClientFiles } from './endpoints.ts'
import type { TourClient } from './tour/context.ts'

/**
 * The certificates of the tour: two good ones, an earlier one of `limited` that the copied policies revoke, and one that
 * names the demo client but comes from a CA nobody knows.
 */
export async function makeDemoClients(config: Config): Promise<Readonly<Record<TourClient, ClientFiles>>> {
  const now = new Date()
  await ensurePki(config, now)
  const folder = join(config.dataDir, '..', 'tour')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const first = await issueClient(config, { name: 'limited', now })
  const revoked = keep(folder, 'revoked', {
    cert: readFileSync(first.files.cert, 'utf8'),
    key: readFileSync(first.files.key, 'utf8'),
  })
  revoke(config.policiesDir, first.certificate.serial)
  const limited = await issueClient(config, { name: 'limited', now, renew: true })
  const elsewhere = await issueClient(config, { name: 'elsewhere', now })
  return {
    limited: filesOf(limited.files),
    elsewhere: filesOf(elsewhere.files),
    revoked,
    stranger: keep(folder, 'stranger', await strangersCertificate(now)),
  }
}

async function strangersCertificate(now: Date): Promise<CertificateAndKey> {
  const authority = await createAuthority('Some other CA', validFor(30, now))
  const uris = ['spiffe://postern/client/demo']
  return signCertificate(authority, { commonName: 'demo', usages: ['clientAuth'], uris, ...validFor(1, now) })
}

/** Adds a serial to the `revoked` list of the kind Principals, comments kept. */
function revoke(policiesDir: string, serial: string): void {
  const file = join(policiesDir, 'principals.yaml')
  const documents = parseAllDocuments(readFileSync(file, 'utf8'))
  for (const document of documents) {
    if (document.get('kind') !== 'Principals') continue
    const entry = { serial, since: '2026-01-01', reason: 'revoked for the tour' }
    if (isMap(document.get('spec')) && document.hasIn(['spec', 'revoked']))
      document.addIn(['spec', 'revoked'], entry)
    else document.setIn(['spec', 'revoked'], [entry])
  }
  writeFileSync(file, documents.map(String).join(''))
}

function keep(folder: string, name: string, { cert, key }: CertificateAndKey): ClientFiles {
  const files = { cert_file: join(folder, `${name}.pem`), key_file: join(folder, `${name}.key`) }
  writeFileSync(files.cert_file, cert, { mode: 0o600 })
  writeFileSync(files.key_file, key, { mode: 0o600 })
  return files
}

function filesOf({ cert, key }: { cert: string; key: string }): ClientFiles {
  return { cert_file: cert, key_file: key }
}
