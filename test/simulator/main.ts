import { readOptions, USAGE } from './options.ts'
import { silenceLibsignal } from './phones/signal/silence.ts'
import { type SimulatorOptions, startSimulator } from './simulator.ts'

const USAGE_ERROR = 2

const options = optionsOrExit()
silenceLibsignal()
const simulator = await startSimulator(options)
const { url, admin, media } = simulator
process.stdout.write(`${JSON.stringify({ ready: true, url, admin, media })}\n`)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop())

async function stop(): Promise<void> {
  await simulator.stop()
  process.exit(0) // Baileys' caches keep timers of days
}

function optionsOrExit(): SimulatorOptions {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return process.exit(USAGE_ERROR)
  }
}
