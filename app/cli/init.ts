import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { readMasterKey } from '../config/master-key.ts'
import { ensureBasicPassword } from '../identity/first-start.ts'
import { authorityFiles, isKeyInClear } from '../identity/pki/authority.ts'
import { ensurePki } from '../identity/pki/ensure.ts'
import { issueClient } from '../identity/pki/issue.ts'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'
import { storeExists } from '../store/open.ts'
import { askStarter } from './init-questions.ts'
import { ENCRYPT_IT } from './pki.ts'
import { applyAnswers, copyStarter, passwordSecrets, readAnswers } from './starter-policies.ts'

type Flags = { readonly yes: boolean; readonly policies?: string; readonly data?: string }

export type InitDeps = { readonly configure: (flags: Omit<Flags, 'yes'>) => Config }

/** The client that the starter policies name. */
const FIRST_CLIENT = 'first-client'

/** Lines for the operator, each with what it is about. */
export type InitReport = { readonly made: readonly string[]; readonly notes: readonly string[] }

/** `postern init`: what a first real start needs. Idempotent: what is there stays. */
export function initCommand(deps: InitDeps): Command {
  return new Command('init')
    .description('make what a first real start needs: keys, certificates, policies; what is there stays')
    .option('--yes', 'ask nothing and keep the defaults', false)
    .option('--policies <dir>', 'policy folder (default: policies/); an empty one gets the starter policies')
    .option('--data <dir>', 'data folder (default: data/); secrets and keys lie beside it')
    .addHelpText('after', '\nExample:\n  ./postern init --yes\n')
    .action(async ({ yes, ...flags }: Flags) => {
      const config = deps.configure(flags)
      const asks = !yes && process.stdin.isTTY && process.stdout.isTTY
      print(config, await runInit(config, asks))
    })
}

/** Makes what is missing; asks on the terminal when `asks`. Throws PosternError when something there is not usable. */
export async function runInit(config: Config, asks: boolean): Promise<InitReport> {
  const made: string[] = []
  const schemas = join(config.root, 'app', 'policy', 'schemas')
  if (copyStarter(join(config.root, 'policies'), config.policiesDir, schemas)) {
    made.push(`policies from the starter: ${config.policiesDir}`)
  }
  if (asks) {
    const answers = await askStarter(await readAnswers(config.policiesDir))
    for (const file of await applyAnswers(config.policiesDir, answers)) made.push(`your answers in ${file}`)
  }
  // Containers mount these, and an engine that found one missing would make it for root.
  for (const folder of ['edge', 'caddy']) privateFolder(join(config.dataDir, folder))
  closeFolder(config.secretsDir)
  if (readMasterKey(config, storeExists(config.dataDir)).created)
    made.push(`master key: ${config.masterKeyFile}`)
  for (const what of await ensurePki(config, new Date())) made.push(what)
  made.push(...(await firstClient(config)))
  made.push(...(await passwords(config)))
  made.push(...composeEnvironment(config))
  return { made, notes: notesFor(config) }
}

async function firstClient(config: Config): Promise<readonly string[]> {
  if (!existsSync(authorityFiles(config, 'client').key)) return [] // a CA of your own signs elsewhere
  const { kind, files } = await issueClient(config, { name: FIRST_CLIENT, now: new Date() })
  return kind === 'issued' ? [`client certificate of ${FIRST_CLIENT}: ${files.cert}, key beside it`] : []
}

async function passwords(config: Config): Promise<readonly string[]> {
  const made: string[] = []
  for (const name of await passwordSecrets(config.policiesDir)) {
    const password = ensureBasicPassword(config, name)
    if (password !== undefined) made.push(`dashboard password ${name} (shown only now): ${password}`)
  }
  return made
}

/** The user that owns the secrets is the one that containers must run as: others cannot read files of mode 0400. */
function composeEnvironment(config: Config): readonly string[] {
  const file = join(config.root, '.env')
  const { uid, gid } = statSync(config.secretsDir)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const others = before.split('\n').filter(line => line !== '' && !/^POSTERN_(UID|GID)=/.test(line))
  const after = `${[...others, `POSTERN_UID=${uid}`, `POSTERN_GID=${gid}`].join('\n')}\n`
  const had = (line: string) => before.split('\n').includes(line)
  if (had(`POSTERN_UID=${uid}`) && had(`POSTERN_GID=${gid}`)) return []
  replaceFile(file, after, 0o600)
  return [`user and group for containers: ${file}`]
}

function closeFolder(path: string): void {
  privateFolder(path)
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700)
}

function notesFor(config: Config): readonly string[] {
  const notes = [
    `Keep a copy of ${config.masterKeyFile} on another machine: without it nobody can read the store.`,
    `Keep the CA keys in ${config.pkiDir} safe; they may live on another machine, the appliance never reads them.`,
  ]
  if (isKeyInClear(config)) notes.push(`${ENCRYPT_IT}.`)
  if (statSync(config.secretsDir).uid === 0) {
    notes.push(
      `${config.secretsDir} belongs to root, so containers would run as root: chown -R it to another user and run init again.`,
    )
  }
  return notes
}

function print(config: Config, { made, notes }: InitReport): void {
  for (const what of made) console.log(`made  ${what}`)
  if (made.length === 0) console.log('everything is there already')
  console.log()
  for (const note of notes) console.log(note)
  console.log(`Next: look through ${config.policiesDir}, then ./postern up`)
  console.log()
  console.log(
    'Postern is unofficial and not affiliated with WhatsApp or Meta. Automation can get a number restricted.',
  )
}
