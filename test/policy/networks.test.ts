import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ipInCidrs,
  ipInNetworks,
  ipv6Bits,
  networkOf,
  parseCidr,
  plainIp,
} from '../../app/policy/networks.ts'
import { snapshotOf } from './world.ts'

const INSIDE: readonly (readonly [string, string])[] = [
  ['127.0.0.1', '127.0.0.0/8'],
  ['10.20.4.255', '10.20.4.0/24'],
  ['10.20.4.17', '10.20.4.17/32'],
  ['8.8.8.8', '0.0.0.0/0'],
  ['::1', '::1/128'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
  ['2001:0DB8:0001::3', '2001:db8:1::/48'],
  ['::ffff:10.20.4.17', '10.20.4.0/24'],
  ['::ffff:0a14:0411', '10.20.4.0/24'],
  ['0:0:0:0:0:ffff:10.20.4.17', '10.20.4.0/24'],
  ['fe80::1%eth0', 'fe80::/10'],
]

const OUTSIDE: readonly (readonly [string, string])[] = [
  ['128.0.0.1', '127.0.0.0/8'],
  ['10.20.5.0', '10.20.4.0/24'],
  ['10.20.4.18', '10.20.4.17/32'],
  ['::2', '::1/128'],
  ['2001:db8:2::3', '2001:db8:1::/48'],
  ['10.20.4.17', '::/0'],
  ['2001:db8::1', '0.0.0.0/0'],
  ['::10.20.4.17', '10.20.4.0/24'],
  ['localhost', '0.0.0.0/0'],
  ['', '0.0.0.0/0'],
  ['10.20.4.017', '10.20.4.0/24'],
  ['10.20.4', '10.20.4.0/24'],
  ['10.20.4.17', 'nonsense'],
  ['10.20.4.17', '10.20.4.17/24'],
]

for (const [ip, cidr] of INSIDE) test(`finds ${ip} in ${cidr}`, () => assert.ok(ipInCidrs(ip, [cidr])))
for (const [ip, cidr] of OUTSIDE) {
  test(`does not find ${JSON.stringify(ip)} in ${cidr}`, () => assert.ok(!ipInCidrs(ip, [cidr])))
}

test('reads networks, and none with a prefix too long or bits behind it', () => {
  assert.deepEqual(parseCidr('10.20.4.0/24'), { address: '10.20.4.0', prefix: 24, family: 'ipv4' })
  for (const text of [
    '10.20.4.1/24',
    '10.20.4.0/33',
    '10.20.4.0',
    '::/129',
    '::1/64',
    '10.20.4.0/-1',
    '/8',
    '',
  ]) {
    assert.equal(parseCidr(text), undefined, text)
  }
})

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
const asNumber = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0)

test('agrees with plain arithmetic on IPv4', () => {
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (ip, base, prefix) => {
      const width = 2 ** (32 - prefix)
      const start = Math.floor(asNumber(base) / width) * width
      const address = [24, 16, 8, 0].map(shift => Math.floor(start / 2 ** shift) % 256).join('.')
      const inside = Math.floor(asNumber(ip) / width) * width === start
      assert.equal(ipInCidrs(ip.join('.'), [`${address}/${prefix}`]), inside)
      assert.equal(ipInCidrs(`::ffff:${ip.join('.')}`, [`${address}/${prefix}`]), inside)
    }),
  )
})

test('reads every IPv6 address as the bits it stands for', () => {
  fc.assert(
    fc.property(fc.ipV6(), ip => {
      const groups =
        ipv6Bits(ip)
          .match(/.{16}/g)
          ?.map(bits => Number.parseInt(bits, 2).toString(16)) ?? []
      assert.equal(groups.length, 8)
      assert.equal(new URL(`http://[${groups.join(':')}]/`).host, new URL(`http://[${ip}]/`).host)
    }),
  )
})

test('undresses IPv4, and leaves other addresses as they are', () => {
  assert.equal(plainIp('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(plainIp('192.0.2.1'), '192.0.2.1')
  assert.equal(plainIp('2001:db8::1'), '2001:db8::1')
  assert.equal(plainIp('192.0.2.1:443'), undefined)
})

test('names the network of an address, and takes a network that is not declared for an empty one', () => {
  const policy = snapshotOf('kind: Networks\nspec: { all: { cidrs: ["10.0.0.0/8"] } }\n')
  assert.equal(networkOf(policy, '10.20.4.17'), 'all')
  assert.equal(networkOf(policy, '127.0.0.1'), 'loopback')
  assert.equal(networkOf(policy, '192.0.2.1'), undefined)
  assert.ok(ipInNetworks(policy, '10.20.4.17', ['loopback', 'office']))
  assert.ok(!ipInNetworks(policy, '10.20.4.17', ['loopback', 'nowhere']))
})
