import { Command } from 'commander'
import { issueApiKey } from '../identity/issue-api-key.ts'
import { tellControl } from './control.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'
import { table } from './table.ts'

type IssueFlags = RunningFlags & { readonly renew?: true }
type Shown = Readonly<Record<'name' | 'key' | 'hash_ref' | 'hash_file', string>>

/** A key as the app shows it, as far as the command prints it. */
type ListedKey = {
  readonly name: string
  readonly id: string | null
  readonly state: string
  readonly networks: readonly { readonly name: string; readonly cidrs: readonly string[] }[]
  readonly expires_at: string | null
  readonly last_used_at: string | null
}

/** `postern key`: API keys of services, for the site `keys`. */
export function keyCommand(deps: RunningDeps): Command {
  return new Command('key')
    .description('API keys of services')
    .addCommand(issueCommand(deps))
    .addCommand(listCommand(deps))
}

/** Works on files; the running appliance reads them anew each second. */
function issueCommand(deps: RunningDeps): Command {
  return new Command('issue')
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
    })
}

function listCommand(deps: RunningDeps): Command {
  return runningCommand(
    'list',
    'every key of the policy in force: when it was used last, from where it counts and until when',
    'key list --json',
  ).action(async (flags: RunningFlags) => {
    const page = await tellControl<{ readonly data: readonly ListedKey[] }>(deps.configure(flags), {
      path: '/v1/keys',
    })
    print(page, flags, listText)
  })
}

function listText({ data }: { readonly data: readonly ListedKey[] }): string {
  if (data.length === 0) return 'the policy in force names no API key: ./postern key issue NAME'
  const rows = data.map(({ name, id, state, networks, expires_at, last_used_at }) => [
    name,
    id ?? '-',
    state,
    last_used_at ?? 'never',
    expires_at ?? 'never',
    networks.map(network => `${network.name} (${network.cidrs.join(', ')})`).join(', ') || 'any',
  ])
  return table(['NAME', 'KEY', 'STATE', 'LAST USED', 'EXPIRES', 'NETWORKS'], rows)
}

function text({ name, key, hash_ref, hash_file }: Shown): string {
  return [
    `key     ${key}`,
    '        keep it now: it is shown this once, and cannot be read back',
    `hash    ${hash_file}`,
    `policy  services: { ${name}: { apiKey: { hashRef: "${hash_ref}" }, networks: [ … ] } }`,
  ].join('\n')
}
