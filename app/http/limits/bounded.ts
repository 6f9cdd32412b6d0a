import { ipKeyGenerator } from 'express-rate-limit'

/** Whoever has one IPv6 address has all of its /64, so those count as one. */
const IPV6_PREFIX = 64

/** Addresses and credentials remembered at most; the oldest are forgotten first. */
const REMEMBERED = 10_000

/** Puts a key last and forgets the oldest beyond what is remembered: strangers must not fill the memory. */
export function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED) return
    map.delete(oldest)
  }
}

/** What an address is remembered by. */
export function addressKey(ip: string): string {
  return ipKeyGenerator(ip, IPV6_PREFIX)
}
