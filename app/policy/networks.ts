import { BlockList, isIP } from 'node:net'
import type { PolicySnapshot } from './snapshot.ts'

export type Cidr = { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' }

type Range = { readonly family: Cidr['family']; readonly list: BlockList }

const ranges = new Map<string, Range | undefined>()
const KEPT_RANGES = 1_000

/** Reads `10.0.0.0/8` or `2001:db8::/32`; undefined when it is none, or when bits are set behind the prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text)
  if (match?.[1] === undefined) return undefined
  const [, address] = match
  const prefix = Number(match[2])
  const version = isIP(address)
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return undefined
  const bits = version === 4 ? ipv4Bits(address) : ipv6Bits(address)
  if (bits.includes('1', prefix)) return undefined
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** True when `ip` lies in one of `cidrs`. An IPv4 address inside IPv6 (`::ffff:10.0.0.1`) counts as the IPv4 address; what is no address lies nowhere. */
export function ipInCidrs(ip: string, cidrs: readonly string[]): boolean {
  const plain = plainIp(ip)
  if (plain === undefined) return false
  const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6'
  return cidrs.some(text => {
    const range = rangeOf(text)
    return range?.family === family && range.list.check(plain, family)
  })
}

/** True when `ip` lies in one of the named networks. A name that is not declared matches nothing. */
export function ipInNetworks(snapshot: PolicySnapshot, ip: string, names: readonly string[]): boolean {
  return names.some(name => ipInCidrs(ip, snapshot.networks.get(name)?.cidrs ?? []))
}

/** The first declared network, by name, that holds `ip`: what people are shown. */
export function networkOf(snapshot: PolicySnapshot, ip: string): string | undefined {
  return [...snapshot.networks.keys()].sort().find(name => ipInNetworks(snapshot, ip, [name]))
}

/** The address without its zone, and as IPv4 when it is one in IPv6 clothes; undefined when it is no address. */
export function plainIp(ip: string): string | undefined {
  const withoutZone = ip.replace(/%.*$/, '')
  const version = isIP(withoutZone)
  if (version === 0) return undefined
  if (version === 4) return withoutZone
  const bits = ipv6Bits(withoutZone)
  return bits.startsWith(`${'0'.repeat(80)}${'1'.repeat(16)}`) ? dotted(bits.slice(96)) : withoutZone
}

/** The 128 bits of an IPv6 address as text, for what keeps only the first of them. */
export function ipv6Bits(address: string): string {
  const colon = address.lastIndexOf(':')
  const tail = address.slice(colon + 1)
  const text = tail.includes('.') ? `${address.slice(0, colon + 1)}${asGroups(ipv4Bits(tail))}` : address
  const [head = '', rest] = text.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = rest === undefined || rest === '' ? [] : rest.split(':')
  const zeros = rest === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(zeros).fill('0'), ...after].map(group => bitsOf(group, 16)).join('')
}

function ipv4Bits(address: string): string {
  return address
    .split('.')
    .map(part => Number(part).toString(2).padStart(8, '0'))
    .join('')
}

function bitsOf(group: string, width: number): string {
  return Number.parseInt(group, 16).toString(2).padStart(width, '0')
}

function asGroups(bits: string): string {
  const group = (from: number) => Number.parseInt(bits.slice(from, from + 16), 2).toString(16)
  return `${group(0)}:${group(16)}`
}

function dotted(bits: string): string {
  return [0, 8, 16, 24].map(from => Number.parseInt(bits.slice(from, from + 8), 2)).join('.')
}

/** Reading a range and building its list cost more than asking it, and the same few are asked at every request. */
function rangeOf(text: string): Range | undefined {
  if (ranges.has(text)) return ranges.get(text)
  if (ranges.size >= KEPT_RANGES) ranges.clear()
  const range = rangeOfCidr(parseCidr(text))
  ranges.set(text, range)
  return range
}

function rangeOfCidr(cidr: Cidr | undefined): Range | undefined {
  if (cidr === undefined) return undefined
  const list = new BlockList()
  list.addSubnet(cidr.address, cidr.prefix, cidr.family)
  return { family: cidr.family, list }
}
