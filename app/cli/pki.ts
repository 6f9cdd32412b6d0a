import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { isKeyInClear } from '../identity/pki/authority.ts'
import { type BrowserFile, writeForBrowser } from '../identity/pki/browser.ts'
import { ensurePki } from '../identity/pki/ensure.ts'
import { DEFAULT_CLIENT_DAYS, type IssueOutcome, issueClient } from '../identity/pki/issue.ts'
import { listCommand } from './pki-list.ts'
import { revokeCommand } from './pki-revoke.ts'
import type { RunningDeps, RunningFlags } from './running.ts'

type IssueFlags = RunningFlags & { readonly days: number; readonly p12?: true }

/** How to have the key of the client CA encrypted. */
export const ENCRYPT_IT =
  'The key of the client CA is not encrypted: POSTERN_PKI_PASSPHRASE_FILE=FILE ./postern pki init encrypts it with the first line of FILE'

/** `postern pki`: the client CA, the internal CA and their certificates. Works on files; the appliance need not run, but hears of a revocation at once. */
export function pkiCommand(deps: RunningDeps): Command {
  const pki = new Command('pki').description('the client CA, the internal CA and their certificates')
  pki
    .command('init')
    .description(
      'make both CAs and the certificates of the hop between Caddy and the app; what is there stays',
    )
    .option('--data <dir>', 'data folder (default: data/); secrets and keys lie beside it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern pki init\n')
    .action((flags: RunningFlags) => initPki(deps.configure(flags), flags))
  for (const verb of ['issue', 'renew'] as const) {
    pki
      .command(verb)
      .argument('<name>', 'the client, as in spiffe://postern/client/NAME')
      .description(
        verb === 'issue' ? 'sign a first certificate for a client' : 'sign a new one with a new key',
      )
      .option('--days <number>', 'days until it expires', wholeNumber, DEFAULT_CLIENT_DAYS)
      .option('--p12', 'for a browser too: both in one file, with a password that is shown this once')
      .option('--data <dir>', 'data folder (default: data/); keys lie beside it')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  ./postern pki ${verb} billing --days 30\n`)
      .action(async (name: string, flags: IssueFlags) => {
        const config = deps.configure(flags)
        const request = { name, days: flags.days, now: new Date(), renew: verb === 'renew' }
        const outcome = await issueClient(config, request)
        const browser = flags.p12 && writeForBrowser(config.pkiDir, outcome.certificate.name)
        tellIssued(outcome, browser, flags)
        if (isKeyInClear(config)) console.error(`postern: ${ENCRYPT_IT}`)
      })
  }
  pki.addCommand(revokeCommand(deps)).addCommand(listCommand(deps))
  return pki
}

async function initPki(config: Config, { json }: RunningFlags): Promise<void> {
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
  if (isKeyInClear(config)) console.log(ENCRYPT_IT)
}

function tellIssued(
  { kind, certificate, files }: IssueOutcome,
  browser: BrowserFile | undefined,
  { json }: RunningFlags,
): void {
  if (json) {
    const p12 = browser && { p12_file: browser.file, p12_password: browser.password }
    const issued = { issued: kind === 'issued', cert_file: files.cert, key_file: files.key }
    console.log(JSON.stringify({ ...certificate, ...issued, ...p12 }))
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
  if (browser === undefined) return
  console.log(`for browsers ${browser.file}`)
  console.log(`its password ${browser.password}`)
  console.log('             keep it until the browser has asked for it: it is shown this once')
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError(`expected a whole number of days, got ${text}`)
  return Number(text)
}
