import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openLedger } from './ledger.ts'
import { receiverCertificate } from './receiver-certificate.ts'
import { adminListener, createBehaviour, webhookListener } from './receiver-listeners.ts'

/*
 * The sandbox's webhook receiver: a process of its own, so that its ledger is outside whatever it testifies about.
 *
 *   node test/sandbox/receiver.ts --port 7072 --admin-port 7073 --state DIR [--host 0.0.0.0] [--name receiver]
 *
 * HTTPS on the port, with a certificate of its own CA (DIR/receiver-ca.pem) for localhost, the loopback addresses and every
 * --name; --prepare makes the certificate and ends. Plain HTTP on the admin port: GET /deliveries?after=SEQ, POST /behave, GET /livez.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7072' },
    'admin-port': { type: 'string', default: '7073' },
    state: { type: 'string' },
    host: { type: 'string', default: '127.0.0.1' },
    name: { type: 'string', multiple: true, default: ['receiver'] },
    prepare: { type: 'boolean', default: false },
  },
})
if (values.state === undefined) {
  console.error('receiver: --state DIR is needed: the folder where the ledger and the certificate are kept')
  process.exit(2)
}
mkdirSync(values.state, { recursive: true, mode: 0o700 })
const certificate = await receiverCertificate(values.state, ['localhost', '127.0.0.1', '::1', ...values.name])
if (values.prepare) process.exit(0) // whoever trusts the CA needs its file before anything listens
const ledger = openLedger(join(values.state, 'deliveries.ndjson'))
const behaviour = createBehaviour()
const webhooks = createHttps(certificate, webhookListener(ledger, behaviour))
const admin = createHttp(adminListener(ledger, behaviour))

const port = await listen(webhooks, Number(values.port))
const adminPort = await listen(admin, Number(values['admin-port']))
const shown = values.host === '0.0.0.0' || values.host === '::' ? '127.0.0.1' : values.host
console.log(
  JSON.stringify({
    ready: true,
    url: `https://${shown}:${port}/`,
    admin: `http://${shown}:${adminPort}`,
    pid: process.pid,
  }),
)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)

async function listen(server: Server, wanted: number): Promise<number> {
  server.listen(wanted, values.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    console.error(`receiver: cannot listen on ${values.host}:${wanted}: ${(error as Error).message}`)
    process.exit(1)
  }
  return (server.address() as AddressInfo).port
}

function stop(): void {
  for (const server of [webhooks, admin]) {
    server.close()
    server.closeAllConnections()
  }
  ledger.close()
}
