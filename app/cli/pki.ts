import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { ensurePki } from '../identity/pki/ensure.ts'
import { DEFAULT_CLIENT_DAYS, type IssueOutcome, issueClient } from '../identity/pki/issue.ts'
import { listIssued } from '../identity/pki/issued.ts'

export type PkiDeps = { readonly configure: (flags: { readonly data?: string }) => Config }

type Flags = { readonly data?: string; readonly json?: boolean }
type IssueFlags = Flags & { readonly days: number }

/** `postern pki`: the client CA, the internal CA and their certificates. Works on files; the appliance need not run. */
export function pkiCommand(deps: PkiDeps): Command {
  const pki = new Command('pki').description('the client CA, the internal CA and their certificates')
  pki
    .command('init')
    .description(
      'make both CAs and the certificates of the hop between Caddy and the app; what is there stays',
    )
    .option('--data <dir>', 'data folder (default: data/); secrets and keys lie beside it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern pki init\n')
    .action((flags: Flags) => initPki(deps.configure(flags), flags))
  for (const verb of ['issue', 'renew'] as const) {
    pki
      .command(verb)
      .argument('<name>', 'the client, as in spiffe://postern/client/NAME')
      .description(
        verb === 'issue' ? 'sign a first certificate for a client' : 'sign a new one with a new key',
      )
      .option('--days <number>', 'days until it expires', wholeNumber, DEFAULT_CLIENT_DAYS)
      .option('--data <dir>', 'data folder (default: data/); keys lie beside it')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  ./postern pki ${verb} billing --days 30\n`)
      .action(async (name: string, flags: IssueFlags) => {
        const config = deps.configure(flags)
        const request = { name, days: flags.days, now: new Date(), renew: verb === 'renew' }
        tellIssued(await issueClient(config, request), flags)
      })
  }
  pki
    .command('list')
    .description('every client certificate that was signed here')
    .option('--data <dir>', 'data folder (default: data/); keys lie beside it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern pki list --json\n')
    .action((flags: Flags) => tellList(deps.configure(flags), flags))
  return pki
}

async function initPki(config: Config, { json }: Flags): Promise<void> {
  const made = await ensurePki(config, new Date())
  if (json) {
    console.log(JSON.stringify({ made, secrets_dir: config.secretsDir, pki_dir: config.pkiDir }))
    return
  }
  for (const what of made) console.log(`made    ${what}`)
  if (made.length === 0) console.log('everything is there already')
  console.log(
    `keys of the CAs: ${config.pkiDir} (keep a copy elsewhere; the running appliance never reads it)`,
  )
}

function tellIssued({ kind, certificate, files }: IssueOutcome, { json }: Flags): void {
  if (json) {
    const issued = kind === 'issued'
    console.log(JSON.stringify({ ...certificate, issued, cert_file: files.cert, key_file: files.key }))
    return
  }
  if (kind === 'already-issued') {
    console.log(
      `${certificate.name} has a certificate already; ./postern pki renew ${certificate.name} makes a new one`,
    )
  }
  console.log(`certificate  ${files.cert}`)
  console.log(`key          ${files.key}`)
  console.log(`identity     ${certificate.san}`)
  console.log(`serial       ${certificate.serial}`)
  console.log(`expires      ${certificate.not_after}`)
}

function tellList(config: Config, { json }: Flags): void {
  const issued = listIssued(config.pkiDir)
  if (json) {
    console.log(JSON.stringify({ data: issued }))
    return
  }
  if (issued.length === 0)
    console.error('no client certificate was signed here yet: ./postern pki issue NAME')
  for (const { name, serial, not_after } of issued)
    console.log(`${name.padEnd(24)} ${serial}  until ${not_after}`)
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError(`expected a whole number of days, got ${text}`)
  return Number(text)
}
