import { Command } from 'commander'
import type { DecisionRequest } from '../../model/decision.ts'
import { codeText } from '../../policy/codes.ts'
import type { TraceStep } from '../../policy/decide/explain.ts'
import { type Explained, type ExplanationJson, explanationJson } from '../../policy/decide/explanation.ts'
import type { RequestWords } from '../../policy/decide/words.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { instant, serial } from '../../policy/shape/notation.ts'
import { assess } from '../../policy/tests/assess.ts'
import { chatNamed } from '../../policy/tests/compile.ts'
import { tellControl } from '../control.ts'
import { CHECK_FAILED, type Configure, readPolicies, USAGE } from './read.ts'

/** What the headline of an explanation says. */
type Asked = Pick<RequestWords, 'principal' | 'action' | 'account' | 'to'>

type RecordedJson = ExplanationJson & {
  readonly revision: string
  readonly decided_under: string
  readonly request: RequestWords
}

type Flags = {
  readonly as?: string
  readonly action?: string
  readonly account?: string
  readonly to?: string
  readonly type?: string
  readonly template?: string
  readonly purpose?: string
  readonly network?: string
  readonly ip?: string
  readonly serial?: string
  readonly at?: string
  readonly size?: string
  readonly mime?: string
  readonly firstContact?: true
  readonly consent?: string
  readonly optedOut?: true
  readonly lastInbound?: string
  readonly policies?: string
  readonly data?: string
  readonly json?: true
}

/** `postern policy explain`: a code, or one decision with its trace. */
export function explainCommand(configure: Configure, now: () => Date): Command {
  return new Command('explain')
    .description(
      'what an error code means, how the policy on disk decides a request and why, or how one was decided',
    )
    .argument('[code]', 'a code such as PS-2107, or the id of a recorded decision (dec_…)')
    .option('--as <principal>', 'who asks: service:NAME, person:NAME, or the name alone')
    .option('--action <action>', 'such as messages.send (the default)')
    .option('--account <name>')
    .option('--to <recipient>', 'a number, group:ID, channel:ID, or a JID')
    .option('--type <type>', 'of the message, such as text')
    .option('--template <name>')
    .option('--purpose <purpose>')
    .option('--network <name>', 'where from, by the name of the network')
    .option('--ip <address>', 'where from, by address')
    .option('--serial <hex>', 'of the certificate')
    .option('--at <instant>', 'when (default: now)')
    .option('--size <bytes>', 'of the file')
    .option('--mime <type>', 'of the file')
    .option('--first-contact', 'account and recipient have never exchanged a message')
    .option('--consent <purposes>', 'what the recipient consented to, with commas between')
    .option('--opted-out', 'the recipient has opted out')
    .option('--last-inbound <instant>', 'when the recipient last wrote')
    .option('--policies <dir>', 'policy folder (default: policies/)')
    .option('--data <dir>', 'data folder of the running appliance, for dec_… (default: data/)')
    .option('--json', 'print the decision and its trace as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  ./postern policy explain PS-2107\n  ./postern policy explain dec_01jexampleexampleexample\n  ./postern policy explain --as service:billing --account main --to +33600000002 --type text --ip 10.20.4.17\n',
    )
    .action(async (code: string | undefined, flags: Flags) => {
      if (code?.startsWith('dec_')) process.exitCode = await recorded(code, flags, configure)
      else process.exitCode = code === undefined ? await decision(flags, configure, now) : meaning(code)
    })
}

function meaning(code: string): number {
  const text = codeText(code)
  if (text === undefined) {
    console.error(`postern: there is no code ${code}; codes look like PS-2107`)
    return USAGE
  }
  console.log(`${text.title}\n\n${text.explanation}`)
  return 0
}

async function decision(flags: Flags, configure: Configure, now: () => Date): Promise<number> {
  const said = requestOf(flags, now())
  if (typeof said === 'string') {
    console.error(`postern: ${said}`)
    return USAGE
  }
  const read = await readPolicies(flags, configure)
  if (read === undefined) return CHECK_FAILED
  const { loaded, files } = read
  if (loaded.kind === 'rejected') {
    console.error(formatDiagnostics(loaded.diagnostics, { format: 'pretty', files }))
    return CHECK_FAILED
  }
  const to = said.to === undefined ? {} : { to: chatNamed(said.to, loaded.snapshot) }
  const request = { ...said, ...to }
  const explained = assess(loaded.snapshot, request)
  const { digest } = loaded.snapshot
  console.log(flags.json ? asJson(explanationJson(explained, digest)) : asText(explained, request, digest))
  return 0
}

/** The request, or what is wrong with the flags. */
function requestOf(flags: Flags, now: Date): DecisionRequest | string {
  const { as, account, to, type, template, purpose, network, ip, mime } = flags
  if (as === undefined) return 'say a code such as PS-2107, or who asks: --as service:NAME'
  const at = flags.at === undefined ? now : instant.parse(flags.at)
  if (at === undefined) return `--at: expected ${instant.expected}, got "${flags.at}"`
  const wrote = flags.lastInbound === undefined ? 'never' : instant.parse(flags.lastInbound)
  if (wrote === undefined) return `--last-inbound: expected ${instant.expected}, got "${flags.lastInbound}"`
  const credential = flags.serial === undefined ? undefined : serial.parse(flags.serial)
  if (flags.serial !== undefined && credential === undefined)
    return `--serial: expected ${serial.expected}, got "${flags.serial}"`
  const size = flags.size === undefined ? undefined : Number(flags.size)
  if (size !== undefined && !Number.isSafeInteger(size)) return `--size: expected bytes, got "${flags.size}"`
  const words = {
    account,
    to,
    type,
    template,
    purpose,
    network,
    ip,
    mime,
    size,
    credentialSerial: credential,
  }
  return {
    principal: as.replace(/^(service|person|operator):/, ''),
    action: flags.action ?? 'messages.send',
    firstContact: flags.firstContact === true,
    lastInboundAt: wrote,
    consents: flags.consent === undefined ? [] : flags.consent.split(','),
    optedOut: flags.optedOut === true,
    ...Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined)),
    at,
  }
}

/** `dec_…`: as the running appliance has recorded it. */
async function recorded(decision: string, flags: Flags, configure: Configure): Promise<number> {
  const body = { decision }
  const told = await tellControl<RecordedJson>(configure(flags), { path: '/v1/policy/explain', body })
  if (flags.json) {
    console.log(asJson(told))
    return 0
  }
  const trace = told.trace.map(step => ({ ...step, held: [] }))
  const explained = { ...told, trace, nearMisses: told.near_misses }
  console.log(`${decision} of ${told.request.at}, under ${told.revision}`)
  console.log(asText(explained, told.request, told.decided_under))
  if (told.policy !== told.decided_under)
    console.log(`That policy is not kept any more: the rules are those of ${told.policy.slice(0, 15)}.`)
  return 0
}

function asJson(explained: ExplanationJson): string {
  return JSON.stringify(explained, null, 2)
}

function asText(explained: Explained, request: Asked, digest: string): string {
  const { effect, by, reason, trace, nearMisses } = explained
  const { principal, action, to, account } = request
  const towards = to === undefined ? '' : ` -> ${to}`
  const via = account === undefined ? '' : ` via ${account}`
  const lines = [
    `${effect.toUpperCase()}  ${action}  ${principal}${towards}${via}    policy ${digest.slice(0, 15)}`,
    `  by ${by}: ${reason}`,
    ...trace.flatMap(stepLines),
  ]
  const [near] = nearMisses
  if (near !== undefined) lines.push(`Nearest: rule ${near.rule} lacks ${near.failed} alone.`)
  return lines.join('\n')
}

function stepLines({ rule, file, line, effect, matched, failed, held }: TraceStep): readonly string[] {
  const where = file === undefined ? '' : ` (${file}:${line})`
  const conditions = [...held.map(path => `${path} ok`), ...failed.map(path => `${path} FAILED`)]
  const head = `  ${effect.padEnd(5)} ${rule}${where}: ${matched ? 'match' : 'no match'}`
  return conditions.length === 0 ? [head] : [head, `          ${conditions.join(', ')}`]
}
