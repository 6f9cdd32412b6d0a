import { ipv6Bits, plainIp } from '../networks.ts'
import type { Limit, LimitKey, PolicySnapshot } from '../snapshot.ts'

/** What a limit is counted by. A limit whose key names something that the request lacks does not hold for it. */
export type LimitRequest = {
  readonly principal?: string
  readonly account?: string
  readonly recipient?: string
  readonly remoteIp?: string
  /** Account and recipient have never exchanged a message; where it is not known, limits on either hold. */
  readonly firstContact?: boolean
  /** When it took its tokens before, for what has waited since: only what has flowed back in since then is taken again. */
  readonly paidAtMs?: number
}

/** `request`: asked at every request. `send`: at every message. `auth`: at every failed log-in. */
export type LimitScope = 'request' | 'send' | 'auth'

/** Whoever has one IPv6 address has all of its /64. */
const IPV6_BITS = 64

/** The limits that are asked at one kind of moment. */
export function applicableLimits(snapshot: PolicySnapshot, scope: LimitScope): readonly Limit[] {
  return [...snapshot.limits.values()].filter(limit => scopeOf(limit) === scope)
}

/** The moment at which a limit is asked. */
export function scopeOf({ key }: Pick<Limit, 'key'>): LimitScope {
  if (key.includes('account') || key.includes('recipient')) return 'send'
  return key.every(part => part === 'remoteIp') ? 'auth' : 'request'
}

/** What the bucket of a limit is called for this request; undefined when the limit does not hold for it. */
export function keyOf(limit: Limit, request: LimitRequest): string | undefined {
  const { principals, firstContact } = limit
  if (principals !== undefined && !principals.includes(request.principal ?? '')) return undefined
  if (firstContact !== undefined && (request.firstContact ?? firstContact) !== firstContact) return undefined
  const parts = [limit.name, ...limit.key.map(part => valueFor(part, request))]
  return parts.includes(undefined) ? undefined : JSON.stringify(parts)
}

/** The values that a bucket is for, in the order of its limit's key. */
export function valuesIn(key: string): readonly string[] {
  return (JSON.parse(key) as readonly string[]).slice(1) // keyOf made it
}

function valueFor(part: LimitKey, request: LimitRequest): string | undefined {
  if (part !== 'remoteIp' || request.remoteIp === undefined) return request[part]
  const ip = plainIp(request.remoteIp) ?? request.remoteIp
  return ip.includes(':') ? networkOf(ip) : ip
}

function networkOf(ip: string): string {
  const groups = ipv6Bits(ip).slice(0, IPV6_BITS).match(/.{16}/g) ?? []
  return `${groups.map(bits => Number.parseInt(bits, 2).toString(16)).join(':')}::/${IPV6_BITS}`
}
