import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { readPolicyFolder, rewritePolicyFile } from '../config/policy-folder.ts'
import { listIssued } from '../identity/pki/issued.ts'
import { parseClientName } from '../identity/pki/names.ts'
import { PosternError, reasonOf } from '../lib/error.ts'
import type { PolicyFile } from '../model/policy-file.ts'
import { policyDigest } from '../policy/digest.ts'
import { addRevocations, type Revocation, withRevocations } from '../policy/revocations.ts'
import { serial as serialNotation } from '../policy/shape/notation.ts'
import { tellControl } from './control.ts'
import type { PolicyDeps } from './pki-list.ts'
import { activationText, type ShownActivation, type ShownStatus } from './policy/in-force-text.ts'
import { print } from './running.ts'

type Flags = {
  readonly serial?: string
  readonly reason?: string
  readonly data?: string
  readonly policies?: string
  readonly json?: boolean
}

type Revoked = {
  readonly revoked: readonly Revocation[]
  /** Policy files that were changed; none when everything was revoked in them already. */
  readonly files: readonly string[]
  /** Why the folder could not be changed. The running appliance hears of the revocation all the same. */
  readonly not_written: string | null
  /** What the running appliance made of it; null when none runs. */
  readonly in_force: ShownActivation | null
  /** The folder says something else besides, which is not in force. */
  readonly drift: boolean
}

type Live = { readonly digest: string; readonly files: readonly PolicyFile[] }

const MOST_TRIES = 5

/** `postern pki revoke`. */
export function revokeCommand(deps: PolicyDeps): Command {
  return new Command('revoke')
    .argument('[name]', 'the client: all its certificates that were signed here and still run')
    .description('let certificates count no more: in the policy folder, and at once in the running appliance')
    .option('--serial <hex>', 'only this certificate; of another CA too', serialNumber)
    .option('--reason <text>', 'written beside the serial number')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option('--data <dir>', 'data folder (default: data/); keys lie beside it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  ./postern pki revoke billing --reason "laptop lost"\n')
    .action(async (name: string | undefined, flags: Flags) => {
      const done = await revoke(deps.configure(flags), { ...flags, now: new Date(), ...(name && { name }) })
      print(done, flags, text)
      if (done.in_force?.result === 'refused' || done.not_written !== null) process.exitCode = 1
    })
}

type Asked = Pick<Flags, 'serial' | 'reason'> & { readonly name?: string; readonly now: Date }

async function revoke(config: Config, asked: Asked): Promise<Revoked> {
  const revoked = serialsFor(config, asked).map(serial => ({
    serial,
    since: asked.now.toISOString().slice(0, 'YYYY-MM-DD'.length),
    ...(asked.reason === undefined ? {} : { reason: asked.reason }),
  }))
  const written = await writeDown(config, revoked)
  const done = await putInForce(config, revoked)
  if ('fault' in written && done.in_force === null) throw written.fault
  return {
    revoked,
    ...('fault' in written
      ? { files: [], not_written: reasonOf(written.fault) }
      : { ...written, not_written: null }),
    ...done,
  }
}

/** Before the appliance is told: one that watches the folder would lift what is not in it. */
async function writeDown(
  { policiesDir }: Config,
  revoked: readonly Revocation[],
): Promise<Pick<Revoked, 'files'> | { readonly fault: unknown }> {
  try {
    const before = await readPolicyFolder(policiesDir)
    const changed = addRevocations(before, revoked).filter((file, n) => file !== before[n])
    for (const file of changed) rewritePolicyFile(policiesDir, file)
    return { files: changed.map(({ name }) => name) }
  } catch (fault) {
    return { fault }
  }
}

function serialsFor({ pkiDir }: Config, { name, serial, now }: Asked): readonly string[] {
  if (name === undefined && serial === undefined)
    throw new PosternError('pki.nothing', 'name a client or a --serial')
  if (name === undefined && serial !== undefined) return [serial]
  const client = parseClientName(name ?? '')
  const running = listIssued(pkiDir)
    .filter(one => one.name === client && new Date(one.not_after) > now)
    .map(one => one.serial)
  const chosen = serial === undefined ? running : running.filter(one => one === serial)
  if (chosen.length > 0) return chosen
  const what = serial === undefined ? 'certificate that still runs' : `running certificate ${serial}`
  throw new PosternError('pki.unknown', `${client} has no ${what} that was signed here: ./postern pki list`)
}

async function putInForce(
  config: Config,
  revoked: readonly Revocation[],
): Promise<Pick<Revoked, 'in_force' | 'drift'>> {
  try {
    const in_force = await addToLive(config, revoked)
    const { disk } = await tellControl<ShownStatus>(config, { path: '/v1/policy' })
    return { in_force, drift: !disk.in_force }
  } catch (error) {
    if (error instanceof PosternError && error.code === 'control.not_running')
      return { in_force: null, drift: false }
    throw error
  }
}

/**
 * What is in force plus the revocations, and nothing else: other edits of the folder may be half done. Once more when another
 * policy has come into force meanwhile, which is not to be undone.
 */
async function addToLive(
  config: Config,
  revoked: readonly Revocation[],
  tries = MOST_TRIES,
): Promise<ShownActivation> {
  const live = await tellControl<Live>(config, { path: '/v1/policy/files' })
  const files = withRevocations(live.files, revoked)
  const plan = { old: live.digest, new: policyDigest(files) }
  const body = { files, plan }
  const done = await tellControl<ShownActivation>(config, { path: '/v1/policy/apply', body })
  return done.refused_by === 'stale' && tries > 1 ? addToLive(config, revoked, tries - 1) : done
}

function text({ revoked, files, not_written, in_force, drift }: Revoked): string {
  return [
    ...revoked.map(({ serial }) => `revoked   ${serial}`),
    ...files.map(file => `written   ${file}`),
    ...(not_written === null
      ? []
      : [`NOT IN THE FOLDER, so that the next edit or start lifts it: ${not_written}`]),
    `in force  ${in_force === null ? 'from the next start on: the appliance does not run' : activationText(in_force)}`,
    ...(drift
      ? ['drift     the folder of the appliance holds something else besides: ./postern policy drift']
      : []),
  ].join('\n')
}

function serialNumber(hex: string): string {
  const parsed = serialNotation.parse(hex)
  if (parsed === undefined) throw new InvalidArgumentError(`expected ${serialNotation.expected}, got ${hex}`)
  return parsed
}
