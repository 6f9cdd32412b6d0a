import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { type Config, loadConfig, readEnvironment } from '../config/config.ts'
import { EX_CONFIG } from '../lib/error.ts'
import { runDemo } from '../supervise/demo.ts'
import { makeDemoClients } from '../supervise/demo-clients.ts'
import { interruption } from '../supervise/interruption.ts'
import { checkEdge, prepare } from '../supervise/prepare.ts'
import { freePortBase } from '../supervise/processes/ports.ts'
import { runUp } from '../supervise/run-up.ts'
import { bringUp } from '../supervise/up.ts'
import { accountCommand } from './account.ts'
import { benchCommand } from './bench.ts'
import { contactCommand } from './contact.ts'
import { deliveryCommand } from './delivery.ts'
import { type DemoFlags, demoCommand } from './demo.ts'
import { endpointCommand } from './endpoint.ts'
import { initCommand } from './init.ts'
import { messageCommand } from './message.ts'
import { pkiCommand } from './pki.ts'
import { policyCommand } from './policy/policy.ts'
import { sendCommand } from './send.ts'
import { testCommand } from './test.ts'
import { upCommand } from './up.ts'

const root = dirname(dirname(import.meta.dirname))
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

/** Every command, wired; nothing is done before one is parsed. */
export const program = new Command('postern')
  .description('A hardened, self-hosted WhatsApp appliance')
  .enablePositionalOptions()
  .addCommand(demoCommand(demo))
  .addCommand(initCommand({ configure }))
  .addCommand(upCommand(flags => runUp(configure(flags), searchPath())))
  .addCommand(testCommand(root))
  .addCommand(benchCommand(root))
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
  .addCommand(contactCommand({ configure }))
  .addCommand(accountCommand({ configure }))
  .addCommand(endpointCommand({ configure }))
  .addCommand(deliveryCommand({ configure }))

for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError()

/** A command with all that are below it. */
export function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)]
}
