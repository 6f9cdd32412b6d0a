import { Command } from 'commander'
import { issueApiKey } from '../identity/issue-api-key.ts'
import { print, type RunningDeps, type RunningFlags } from './running.ts'

type IssueFlags = RunningFlags & { readonly renew?: true }
type Shown = Readonly<Record<'name' | 'key' | 'hash_ref' | 'hash_file', string>>

/** `postern key`: API keys of services, for the site `keys`. Works on files; the running appliance reads them anew each second. */
export function keyCommand(deps: RunningDeps): Command {
  return new Command('key').description('API keys of services').addCommand(
    new Command('issue')
      .argument('<name>', 'the service, as in the policies')
      .description('make a key, show it once and keep its hash among the secrets')
      .option('--renew', 'take the place of the key that is there')
      .option('--data <dir>', 'data folder (default: data/); secrets lie beside it')
      .option('--json', 'print JSON')
      .addHelpText('after', '\nExample:\n  ./postern key issue reports\n')
      .action((name: string, flags: IssueFlags) => {
        const { secretsDir } = deps.configure(flags)
        const { key, hashRef, file } = issueApiKey(secretsDir, { name, renew: flags.renew ?? false })
        print({ name, key, hash_ref: hashRef, hash_file: file }, flags, text)
      }),
  )
}

function text({ name, key, hash_ref, hash_file }: Shown): string {
  return [
    `key     ${key}`,
    '        keep it now: it is shown this once, and cannot be read back',
    `hash    ${hash_file}`,
    `policy  services: { ${name}: { apiKey: { hashRef: "${hash_ref}" }, networks: [ … ] } }`,
  ].join('\n')
}
