import { randomBytes } from 'node:crypto'
import type { Secret } from '../lib/secret.ts'
import type { Egress } from '../model/egress-port.ts'
import type { Endpoint } from '../policy/snapshot.ts'
import { reachOf } from './reach.ts'

export type HandshakeDeps = {
  readonly egress: Egress
  readonly readSecret: (ref: string) => Secret
}

/** Why an endpoint may not be posted to yet; undefined when it may. Throws what `readSecret` throws. */
export type Handshake = (endpoint: Endpoint) => Promise<string | undefined>

const CHALLENGE_BYTES = 16

/**
 * Asks endpoints that want it, as Meta asks a webhook before it sends anything: `hub.challenge` must come back from whoever
 * knows `hub.verify_token`. Once is enough for as long as the app runs and neither address nor token change.
 */
export function createHandshake(deps: HandshakeDeps): Handshake {
  const asked = new Map<string, { readonly about: string; readonly answer: Promise<string | undefined> }>()
  return async endpoint => {
    const { name, url, verifyTokenRef } = endpoint
    if (verifyTokenRef === undefined) return undefined
    const token = deps.readSecret(verifyTokenRef).reveal().toString('utf8').trim()
    const about = `${url}\0${token}`
    const known = asked.get(name)
    if (known?.about === about) return await known.answer
    const asking = { about, answer: ask(endpoint, token, deps) }
    asked.set(name, asking)
    let verified = false
    try {
      const reason = await asking.answer
      verified = reason === undefined
      return reason
    } finally {
      if (!verified && asked.get(name) === asking) asked.delete(name)
    }
  }
}

async function ask(
  endpoint: Endpoint,
  token: string,
  { egress, readSecret }: HandshakeDeps,
): Promise<string | undefined> {
  const challenge = randomBytes(CHALLENGE_BYTES).toString('hex')
  const url = new URL(endpoint.url)
  url.searchParams.set('hub.mode', 'subscribe')
  url.searchParams.set('hub.challenge', challenge)
  url.searchParams.set('hub.verify_token', token)
  const headers = { 'user-agent': 'postern' }
  const answer = await egress.request({
    url: url.href,
    method: 'GET',
    headers,
    ...reachOf(endpoint, readSecret),
  })
  if (answer.kind !== 'answered') return `not verified: ${answer.reason}`
  if (answer.status !== 200) return `not verified: the endpoint answered hub.challenge with ${answer.status}`
  return answer.bodyHead.trim() === challenge
    ? undefined
    : 'not verified: the endpoint did not give hub.challenge back'
}
