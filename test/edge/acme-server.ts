import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createTestAuthority } from '../helpers/certificates.ts'
import { debianTool } from '../helpers/debian-tool.ts'

/** A private ACME server that looks for every name on this machine. */
export type AcmeServer = {
  readonly directory: string
  /** The CA of its own HTTPS, PEM: not that of the certificates it issues. */
  readonly caFile: string
  /** The root of the certificates it issues, PEM. */
  root(): Promise<string>
  stop(): Promise<void>
}

export type AcmeOptions = {
  readonly folder: string
  /** Its own ports are this one and the three after it. */
  readonly port: number
  /** Where it looks for the answer to its TLS challenge. */
  readonly challengePort: number
}

/** Debian's pebble with its challenge server, which is the DNS here. */
export async function startAcmeServer({ folder, port, challengePort }: AcmeOptions): Promise<AcmeServer> {
  const bin = join(debianTool('pebble'), 'usr', 'bin')
  const authority = await createTestAuthority('ACME server')
  const own = await authority.issue({ usages: ['serverAuth'], uris: [], dnsNames: ['localhost'] })
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const [management, dns] = [port + 1, `127.0.0.1:${port + 2}`]
  const config = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: file('acme.pem', own.cert),
    privateKey: file('acme.key', own.key),
    httpPort: challengePort,
    tlsPort: challengePort,
  }
  const configFile = file('pebble.json', JSON.stringify({ pebble: config }))
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' }
  const start = (name: string, args: readonly string[]) =>
    spawn(join(bin, name), [...args], { env, stdio: 'ignore' })
  const off = ['http01', 'https01', 'tlsalpn01', 'doh', 'defaultIPv6'].flatMap(kind => [`-${kind}`, ''])
  const names = ['-dnsserver', dns, '-management', `127.0.0.1:${port + 3}`, '-defaultIPv4', '127.0.0.1']
  const parts = [
    start('pebble-challtestsrv', [...off, ...names]),
    start('pebble', ['-config', configFile, '-dnsserver', dns, '-strict']),
  ]
  return {
    directory: `https://localhost:${port}/dir`,
    caFile: file('acme-ca.pem', authority.cert),
    root: () => getText(`https://localhost:${management}/roots/0`, authority.cert),
    stop: async () => {
      await Promise.all(parts.map(end))
    },
  }
}

function getText(url: string, ca: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request(url, { ca, family: 4 }, async answer => {
    resolve(Buffer.concat(await answer.toArray()).toString())
  })
  call.once('error', reject)
  call.end()
  return promise
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}
