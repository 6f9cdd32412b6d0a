import { isIP } from 'node:net'
import type { SecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import { type VetDeps, vet } from './vet.ts'

/** What a connection of one pool is made with. */
export type DialPlan = {
  readonly hostname: string
  readonly allowCidrs: readonly string[]
  readonly trust: SecureContext
}

/** Why nothing was connected: what `vet` said, as undici carries it to the request. */
export class NotVetted extends Error {
  readonly kind: 'refused' | 'failed'

  constructor(kind: 'refused' | 'failed', reason: string) {
    super(reason)
    this.name = 'NotVetted'
    this.kind = kind
  }
}

const CONNECT_TIMEOUT_MS = 5_000

/**
 * Makes each connection of a pool: resolves and vets the host anew, then connects to one of the vetted addresses, tried
 * in their order within the connect time, under the original name. Nothing else ever opens a socket.
 */
export function dialer(plan: DialPlan, deps: VetDeps): buildConnector.connector {
  const { hostname, allowCidrs, trust } = plan
  const name = hostname.replace(/\.$/, '')
  const servername = hostname.startsWith('[') || isIP(name) !== 0 ? '' : name // TLS knows no addresses as names
  return (options, callback) => {
    void vetInTime().then(
      addresses => connectTo(addresses, { ...options, servername }, callback),
      (error: Error) => callback(error, null),
    )
  }

  async function vetInTime(): Promise<readonly string[]> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(reject, CONNECT_TIMEOUT_MS, unresolved())
    try {
      const vetted = await Promise.race([vet(hostname, allowCidrs, deps), late])
      if (vetted.kind === 'vetted') return vetted.addresses
      throw new NotVetted(vetted.kind, vetted.reason)
    } finally {
      clearTimeout(timer)
    }
  }

  function connectTo(
    addresses: readonly string[],
    options: buildConnector.Options,
    callback: buildConnector.Callback,
  ): void {
    const connect = buildConnector({
      secureContext: trust,
      timeout: Math.max(1_000, CONNECT_TIMEOUT_MS / addresses.length),
      allowH2: false,
      maxCachedSessions: 0, // a resumed session would skip the check of the certificate
    })
    const tryFrom = (index: number) => {
      const address = addresses[index]
      if (address === undefined) throw new RangeError('no address left to connect to')
      connect({ ...options, hostname: address }, (...result) => {
        if (result[0] !== null && index + 1 < addresses.length) return tryFrom(index + 1)
        callback(...result)
      })
    }
    tryFrom(0)
  }
}

function unresolved(): NotVetted {
  return new NotVetted('failed', `the name did not resolve within ${CONNECT_TIMEOUT_MS} ms`)
}
