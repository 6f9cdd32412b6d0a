import { networkInterfaces } from 'node:os'

/** The loopback addresses this machine has; IPv6 may be switched off. */
export function loopbackAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap(addresses => addresses ?? [])
  return ['127.0.0.1', '::1'].filter(address => all.some(one => one.internal && one.address === address))
}
