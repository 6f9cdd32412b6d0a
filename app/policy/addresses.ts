import { BlockList, isIP, SocketAddress } from 'node:net'
import { ipv6Bits, plainIp } from './networks.ts'

/**
 * What an address is to us. `never`: a metadata service, which no policy can open. `special`: private, local, reserved or
 * translated; only a policy's `allowNetworks` opens it. `public`: everything else.
 */
export type AddressClass = 'public' | 'special' | 'never'

const METADATA = blockList([
  '169.254.169.254/32', // the cloud providers' common one
  '169.254.170.2/32', // container credentials
  '169.254.170.23/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32', // a public-looking address that is the host's own agent
  'fd00:ec2::254/128',
  'fd00:ec2::23/128',
  'fd20:ce::254/128',
  'fe80::a9fe:a9fe/128',
])

/** IANA's special-purpose registry for IPv4, with multicast and the reserved block. */
const SPECIAL_V4 = blockList([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])

/** Only 2000::/3 is handed out to the public; these are the special blocks inside it. */
const GLOBAL_V6 = blockList(['2000::/3'])
const SPECIAL_V6 = blockList([
  '2001::/23', // Teredo, benchmarking, ORCHID and the other protocol assignments
  '2001:db8::/32',
  '2002::/16', // 6to4
  '2620:4f:8000::/48',
  '3fff::/20',
])
const MAPPED = blockList(['::ffff:0:0/96'])
const NAT64 = blockList(['64:ff9b::/96'])

/** Judges one address as a resolver or a URL gave it. Anything that is not plainly an address is `special`. */
export function classify(address: string): AddressClass {
  const family = isIP(address)
  if (family === 0 || address.includes('%')) return 'special'
  if (family === 4) return classifyV4(address)
  const bytes = bytesOfV6(address)
  const inside = embeddedV4(bytes).map(classifyV4)
  if (METADATA.check(address, 'ipv6') || inside.includes('never')) return 'never'
  // A translated address reaches what is embedded in it, so that is what is judged.
  if (MAPPED.check(address, 'ipv6') || NAT64.check(address, 'ipv6')) return classifyV4(v4At(bytes, 12))
  if (!GLOBAL_V6.check(address, 'ipv6') || SPECIAL_V6.check(address, 'ipv6')) return 'special'
  return inside.includes('special') ? 'special' : 'public'
}

/** Where a connection to an address may come out: at itself and at what is embedded in it, each spelled in one way only. */
export function reachedBy(address: string): readonly string[] {
  const plain = plainIp(address)
  if (plain === undefined) return []
  return isIP(plain) === 4 ? [plain] : [ipv6Bits(plain), ...embeddedV4(bytesOfV6(plain))]
}

function classifyV4(address: string): AddressClass {
  if (METADATA.check(address)) return 'never'
  return SPECIAL_V4.check(address) ? 'special' : 'public'
}

/** Every IPv4 address that some translation would make of this one: mapped, compatible, NAT64, 6to4, Teredo, ISATAP. */
function embeddedV4(bytes: Uint8Array): readonly string[] {
  const head = bytes.subarray(0, 4).toString()
  if (head.startsWith('32,2,')) return [v4At(bytes, 2)] // 2002::/16
  if (head === '32,1,0,0')
    return [
      v4At(bytes, 4),
      v4At(
        bytes.map(byte => byte ^ 0xff),
        12,
      ),
    ] // 2001::/32
  if (head === '0,100,255,155') return [v4At(bytes, 12), ...localNat64(bytes)] // 64:ff9b::/32
  const isatap = bytes[10] === 0x5e && bytes[11] === 0xfe
  return isatap || head === '0,0,0,0' ? [v4At(bytes, 12)] : []
}

/** RFC 6052 puts the address around byte 8 for prefixes of 48, 56 and 64 bits. */
function localNat64(bytes: Uint8Array): readonly string[] {
  const without8 = Uint8Array.from([...bytes.subarray(0, 8), ...bytes.subarray(9)])
  return [v4At(without8, 6), v4At(without8, 7), v4At(without8, 8)]
}

function v4At(bytes: Uint8Array, offset: number): string {
  return bytes.subarray(offset, offset + 4).join('.')
}

function bytesOfV6(address: string): Uint8Array {
  const bits = ipv6Bits(address)
  return Uint8Array.from({ length: 16 }, (_, index) =>
    Number.parseInt(bits.slice(8 * index, 8 * index + 8), 2),
  )
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/')
    list.addSubnet(
      new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' }),
      Number(prefix),
    )
  }
  return list
}
