import { Command } from 'commander'
import type { DecisionRequest } from '../../model/decision.ts'
import { codeText } from '../../policy/codes.ts'
import type { TraceStep } from '../../policy/decide/explain.ts'
import { formatDiagnostics } from '../../policy/format/format.ts'
import { instant, serial } from '../../policy/shape/notation.ts'
import type { PolicySnapshot } from '../../policy/snapshot.ts'
import { type Assessed, assess } from '../../policy/tests/assess.ts'
import { CHECK_FAILED, type Configure, readPolicies, USAGE } from './read.ts'

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
  readonly json?: true
}

/** `postern policy explain`: a code, or one decision with its trace. */
export function explainCommand(configure: Configure, now: () => Date): Command {
  return new Command('explain')
    .description('what an error code means, or how the policy on disk decides a request and why')
    .argument('[code]', 'a code such as PS-2107')
    .option('--as <principal>', 'who asks: service:NAME, person:NAME, or the name alone')
    .option('--action <action>', 'such as messages.send (the default)')
    .option('--account <name>')
    .option('--to <recipient>', 'a number with its +, or a JID')
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
    .option('--json', 'print the decision and its trace as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  ./postern policy explain PS-2107\n  ./postern policy explain --as service:billing --account main --to +33600000002 --type text --ip 10.20.4.17\n',
    )
    .action(async (code: string | undefined, flags: Flags) => {
      process.exitCode = code === undefined ? await decision(flags, configure, now) : meaning(code)
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
  const request = requestOf(flags, now())
  if (typeof request === 'string') {
    console.error(`postern: ${request}`)
    return USAGE
  }
  const read = await readPolicies(flags, configure, 'without-secrets')
  if (read === undefined) return CHECK_FAILED
  const { loaded, files } = read
  if (loaded.kind === 'rejected') {
    console.error(formatDiagnostics(loaded.diagnostics, { format: 'pretty', files }))
    return CHECK_FAILED
  }
  const explained = assess(loaded.snapshot, request)
  console.log(flags.json ? asJson(explained, loaded.snapshot) : asText(explained, request, loaded.snapshot))
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

function asJson({ effect, by, reason, trace, nearMisses }: Assessed, { digest }: PolicySnapshot): string {
  const steps = trace.map(({ held, ...step }) => step)
  return JSON.stringify(
    { effect, by, reason, policy: digest, trace: steps, near_misses: nearMisses },
    null,
    2,
  )
}

function asText(explained: Assessed, request: DecisionRequest, { digest }: PolicySnapshot): string {
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
