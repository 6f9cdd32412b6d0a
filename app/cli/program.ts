import { dirname } from 'node:path'
import { Command } from 'commander'
import { type Config, loadConfig, readEnvironment } from '../config/config.ts'
import { EX_CONFIG } from '../lib/error.ts'

const root = dirname(dirname(import.meta.dirname))
const environment = readEnvironment()
const searchPath = environment.PATH ?? ''
const deps = { configure }

/** Every command, wired. Its modules are read when it is asked for: to read those of all takes longer than most of them work. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  async demo() {
    const [{ demoCommand }, { showDemo }] = await Promise.all([import('./demo.ts'), import('./show-demo.ts')])
    const portBase = environment.POSTERN_PORT_BASE
    return demoCommand(flags => showDemo(flags, { root, searchPath, portBase, configure }))
  },
  init: async () => (await import('./init.ts')).initCommand(deps),
  async up() {
    const [{ upCommand }, { runUp }] = await Promise.all([
      import('./up.ts'),
      import('../supervise/run-up.ts'),
    ])
    return upCommand(flags => runUp(configure(flags), searchPath))
  },
  test: async () => (await import('./test.ts')).testCommand(root),
  bench: async () => (await import('./bench.ts')).benchCommand(root),
  async policy() {
    const [{ policyCommand }, { checkEdge }] = await Promise.all([
      import('./policy/policy.ts'),
      import('../supervise/check-edge.ts'),
    ])
    return policyCommand({
      configure,
      now: () => new Date(),
      validateEdge: (snapshot, config) => checkEdge(snapshot, config, searchPath),
    })
  },
  async doctor() {
    const [{ doctorCommand }, { examine }, { tellControl }] = await Promise.all([
      import('./doctor.ts'),
      import('../supervise/doctor/doctor.ts'),
      import('./control.ts'),
    ])
    const look = (config: Config) =>
      examine(config, { searchPath, now: new Date(), ask: question => tellControl(config, question) })
    return doctorCommand({ configure, examine: look })
  },
  pki: async () => (await import('./pki.ts')).pkiCommand(deps),
  key: async () => (await import('./key.ts')).keyCommand(deps),
  send: async () => (await import('./send.ts')).sendCommand(deps),
  message: async () => (await import('./message.ts')).messageCommand(deps),
  contact: async () => (await import('./contact.ts')).contactCommand(deps),
  account: async () => (await import('./account.ts')).accountCommand(deps),
  endpoint: async () => (await import('./endpoint.ts')).endpointCommand(deps),
  delivery: async () => (await import('./delivery.ts')).deliveryCommand(deps),
}

/** The command line as far as these words need it: the one command that they begin with, or all. Nothing is done before it is parsed. */
export async function programFor(words: readonly string[]): Promise<Command> {
  const program = new Command('postern')
    .description('A hardened, self-hosted WhatsApp appliance')
    .enablePositionalOptions()
  const named = Object.entries(COMMANDS).filter(([name]) => name === words[0])
  const wanted = named.length > 0 ? named : Object.entries(COMMANDS)
  for (const command of await Promise.all(wanted.map(([, load]) => load()))) program.addCommand(command)
  for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError()
  return program
}

/** A command with all that are below it. */
export function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

type ConfigFlags = { readonly sandbox?: boolean; readonly policies?: string; readonly data?: string }

/** Reads the configuration, or says every fault and ends with 78. */
function configure(flags: ConfigFlags, overrides: Readonly<Record<string, string>> = {}): Config {
  const loaded = loadConfig({ env: { ...environment, ...overrides }, root, flags })
  if (loaded.kind === 'loaded') return loaded.config
  for (const fault of loaded.faults) console.error(`postern: ${fault}`)
  process.exit(EX_CONFIG)
}
