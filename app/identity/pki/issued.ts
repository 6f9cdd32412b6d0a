import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '../../lib/error.ts'
import { replaceFile } from '../../lib/replace-file.ts'

/** One client certificate we signed. `serial` is lower-case hex as policies' `revoked` list takes it. */
export type IssuedCertificate = {
  readonly name: string
  readonly serial: string
  /** ISO 8601, UTC. */
  readonly not_after: string
  readonly san: string
}

const FILE_MODE = 0o600

/** Every client certificate this CA has signed, oldest first. Throws PosternError `pki.ledger` for a damaged file. */
export function listIssued(pkiDir: string): readonly IssuedCertificate[] {
  const file = ledgerFile(pkiDir)
  if (!existsSync(file)) return []
  try {
    const entries: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (Array.isArray(entries)) return entries as IssuedCertificate[]
    throw new TypeError('expected a list')
  } catch (cause) {
    throw new PosternError('pki.ledger', `${file} is damaged: put a good copy back before issuing`, { cause })
  }
}

/** Adds an entry. Nothing is ever removed: a replaced certificate stays valid until it expires or is revoked. */
export function recordIssued(pkiDir: string, entry: IssuedCertificate): void {
  replaceFile(ledgerFile(pkiDir), `${JSON.stringify([...listIssued(pkiDir), entry], null, 2)}\n`, FILE_MODE)
}

function ledgerFile(pkiDir: string): string {
  return join(pkiDir, 'issued.json')
}
