import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'

const WITHIN_MS = 2_000

/**
 * True when the site at `https://host[:port]` answers on this machine: with `ca` it must complete a TLS handshake under
 * that root, otherwise its port must be open. A site that demands client certificates completes it before it refuses.
 */
export function siteAnswers(address: string, ca: string | undefined): Promise<boolean> {
  const { hostname, port } = new URL(address)
  const to = { host: 'localhost', port: Number(port === '' ? 443 : port) }
  return new Promise(resolve => {
    const socket = ca === undefined ? connectTcp(to) : connectTls({ ...to, servername: hostname, ca })
    const settle = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.once(ca === undefined ? 'connect' : 'secureConnect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.setTimeout(WITHIN_MS, () => settle(false))
  })
}
