import { parseArgs } from 'node:util'
import { BAD_CERTIFICATES, type BadCertificate } from './noise/certificate.ts'
import type { SimulatorOptions } from './simulator.ts'

export const USAGE = `node test/simulator/main.ts [--port N] [--admin-port N] [--host ADDRESS] [--state DIR] [--seed N]
                            [--media-port N] [--media-name NAME]
                            [--bad-certificate ${BAD_CERTIFICATES.join('|')}]
`

/** Reads the command line. Throws an Error whose message says what is wrong with it. */
export function readOptions(args: readonly string[]): SimulatorOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '7070' },
      'admin-port': { type: 'string', default: '7071' },
      host: { type: 'string', default: '127.0.0.1' },
      'media-port': { type: 'string' },
      'media-name': { type: 'string' },
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
    ...(values['media-port'] === undefined
      ? {}
      : { mediaPort: wholeNumber('--media-port', values['media-port']) }),
    ...(values['media-name'] === undefined ? {} : { mediaName: values['media-name'] }),
    ...(values.state === undefined ? {} : { stateDir: values.state }),
    ...(bad === undefined ? {} : { badCertificate: bad }),
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, got ${text}`)
  return Number(text)
}

function isBadCertificate(kind: string): kind is BadCertificate {
  return (BAD_CERTIFICATES as readonly string[]).includes(kind)
}
