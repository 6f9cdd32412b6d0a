import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { accountCommand } from './cli/account.ts'
import { deliveryCommand } from './cli/delivery.ts'
import { type DemoFlags, demoCommand } from './cli/demo.ts'
import { endpointCommand } from './cli/endpoint.ts'
import { initCommand } from './cli/init.ts'
import { messageCommand } from './cli/message.ts'
import { pkiCommand } from './cli/pki.ts'
import { policyCommand } from './cli/policy/policy.ts'
import { sendCommand } from './cli/send.ts'
import { testCommand } from './cli/test.ts'
import { upCommand } from './cli/up.ts'
import { type Config, loadConfig, readEnvironment } from './config/config.ts'
import { EX_CONFIG, exitCodeOf, reasonOf } from './lib/error.ts'
import { explainSystemError } from './lib/system-error.ts'
import { runDemo } from './supervise/demo.ts'
import { makeDemoClients } from './supervise/demo-clients.ts'
import { interruption } from './supervise/interruption.ts'
import { checkEdge, prepare } from './supervise/prepare.ts'
import { freePortBase } from './supervise/processes/ports.ts'
import { runUp } from './supervise/run-up.ts'
import { bringUp } from './supervise/up.ts'

const USAGE = 2
const root = dirname(import.meta.dirname)
const environment = readEnvironment()

type ConfigFlags = { readonly sandbox?: boolean; readonly policies?: string; readonly data?: string }

/** Reads the configuration, or says every fault and ends with 78. */
function configure(flags: ConfigFlags, overrides: Readonly<Record<string, string>> = {}): Config {
  const loaded = loadConfig({ env: { ...environment, ...overrides }, root, flags })
  if (loaded.kind === 'loaded') return loaded.config
  for (const fault of loaded.faults) console.error(`postern: ${fault}`)
  process.exit(EX_CONFIG)
}

function searchPath(): string {
  return environment.PATH ?? ''
}

async function demo({ json, keep }: DemoFlags): Promise<number> {
  const interrupted = interruption()
  const folder = mkdtempSync(join(tmpdir(), 'postern-demo-'))
  const policies = join(folder, 'policies')
  const base = environment.POSTERN_PORT_BASE ?? String(await freePortBase(Math.random))
  const flags = { sandbox: true, policies, data: join(folder, 'data') }
  const config = configure(flags, { POSTERN_PORT_BASE: base, POSTERN_SECRETS: join(folder, 'secrets') })
  return runDemo({
    folder,
    json,
    keep,
    makeClients() {
      cpSync(join(root, 'test', 'sandbox', 'policies'), policies, { recursive: true })
      return makeDemoClients(config)
    },
    interrupted,
    async checkPolicies() {
      const { rules, endpoints, principals } = await prepare(config, searchPath()).then(
        ({ snapshot }) => snapshot,
      )
      return `${principals.size} principals, ${rules.length} rules, ${endpoints.size} endpoint, edge accepted by Caddy`
    },
    async bringUp(output) {
      const prepared = await prepare(config, searchPath())
      return bringUp({ config, ...prepared, output, interrupted, now: () => new Date(), random: Math.random })
    },
  })
}

const program = new Command('postern')
  .description('A hardened, self-hosted WhatsApp appliance')
  .enablePositionalOptions()
  .addCommand(demoCommand(demo))
  .addCommand(initCommand({ configure }))
  .addCommand(upCommand(flags => runUp(configure(flags), searchPath())))
  .addCommand(testCommand(root))
  .addCommand(
    policyCommand({
      configure,
      now: () => new Date(),
      validateEdge: (snapshot, config) => checkEdge(snapshot, config, searchPath()),
    }),
  )
  .addCommand(pkiCommand({ configure }))
  .addCommand(sendCommand({ configure }))
  .addCommand(messageCommand({ configure }))
  .addCommand(accountCommand({ configure }))
  .addCommand(endpointCommand({ configure }))
  .addCommand(deliveryCommand({ configure }))

for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError()

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitOf(error)
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}

/** Commander reports wrong usage by throwing; everything else is a failure of ours to explain. */
function exitOf(error: unknown): number {
  if (error instanceof Error && 'exitCode' in error) return error.exitCode === 0 ? 0 : USAGE
  console.error(`postern: ${explainSystemError(error) ?? reasonOf(error)}`)
  return exitCodeOf(error)
}
