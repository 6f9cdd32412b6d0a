import { parseArgs } from 'node:util'
import { BAD_CERTIFICATES, type BadCertificate } from './noise/certificate.ts'
import { silenceLibsignal } from './phones/silence.ts'
import { type SimulatorOptions, startSimulator } from './simulator.ts'

const USAGE = `node test/simulator/main.ts [--port N] [--admin-port N] [--host ADDRESS] [--state DIR] [--seed N]
                            [--bad-certificate ${BAD_CERTIFICATES.join('|')}]
`
const USAGE_ERROR = 2

const options = readOptions()
silenceLibsignal()
const simulator = await startSimulator(options)
process.stdout.write(`${JSON.stringify({ ready: true, url: simulator.url, admin: simulator.admin })}\n`)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.stop())

function readOptions(): SimulatorOptions {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '7070' },
        'admin-port': { type: 'string', default: '7071' },
        host: { type: 'string', default: '127.0.0.1' },
        state: { type: 'string' },
        seed: { type: 'string', default: '1' },
        'bad-certificate': { type: 'string' },
      },
    })
    const bad = values['bad-certificate']
    if (bad !== undefined && !isBadCertificate(bad)) throw new Error(`--bad-certificate does not know ${bad}`)
    return {
      port: wholeNumber('--port', values.port),
      adminPort: wholeNumber('--admin-port', values['admin-port']),
      host: values.host,
      seed: wholeNumber('--seed', values.seed),
      ...(values.state === undefined ? {} : { stateDir: values.state }),
      ...(bad === undefined ? {} : { badCertificate: bad }),
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exit(USAGE_ERROR)
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, got ${text}`)
  return Number(text)
}

function isBadCertificate(kind: string): kind is BadCertificate {
  return (BAD_CERTIFICATES as readonly string[]).includes(kind)
}
