import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { readPolicyFolder } from '../config/policy-folder.ts'
import { type IssuedCertificate, listIssued } from '../identity/pki/issued.ts'
import { PosternError } from '../lib/error.ts'
import { revokedIn } from '../policy/revocations.ts'
import { print } from './running.ts'
import { table } from './table.ts'

export type PolicyDeps = {
  readonly configure: (flags: { readonly data?: string; readonly policies?: string }) => Config
}

type Flags = { readonly data?: string; readonly policies?: string; readonly json?: boolean }

/** `unknown` when the policy folder, where revocations stand, cannot be read. */
type Listed = IssuedCertificate & { readonly status: 'valid' | 'expired' | 'revoked' | 'unknown' }

/** `postern pki list`. */
export function listCommand(deps: PolicyDeps): Command {
  return new Command('list')
    .description('every client certificate that was signed here, and whether it still counts')
    .option('--policies <dir>', 'policy folder (default: policies/); revocations stand in it')
    .option('--data <dir>', 'data folder (default: data/); keys lie beside it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern pki list --json\n')
    .action(async (flags: Flags) => {
      print({ data: await list(deps.configure(flags), new Date()) }, flags, text)
    })
}

async function list({ pkiDir, policiesDir }: Config, now: Date): Promise<readonly Listed[]> {
  const revoked = await readRevoked(policiesDir)
  return listIssued(pkiDir).map(certificate => {
    const expired = new Date(certificate.not_after) <= now
    if (revoked?.has(certificate.serial)) return { ...certificate, status: 'revoked' }
    return { ...certificate, status: expired ? 'expired' : revoked === undefined ? 'unknown' : 'valid' }
  })
}

async function readRevoked(policiesDir: string): Promise<ReadonlySet<string> | undefined> {
  try {
    return revokedIn(await readPolicyFolder(policiesDir))
  } catch (error) {
    if (!(error instanceof PosternError)) throw error
    console.error(`postern: what is revoked is not known: ${error.message}`)
    return undefined
  }
}

function text({ data }: { readonly data: readonly Listed[] }): string {
  if (data.length === 0) return 'no client certificate was signed here yet: ./postern pki issue NAME'
  const rows = data.map(({ name, serial, not_after, status }) => [name, serial, not_after, status])
  return table(['NAME', 'SERIAL', 'UNTIL', 'STATUS'], rows)
}
