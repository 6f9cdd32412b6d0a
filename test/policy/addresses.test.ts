import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AddressClass, classify } from '../../app/policy/addresses.ts'

const CASES: Readonly<Record<AddressClass, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2a00:1450:4001::1',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ],
  special: [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1', // carrier-grade NAT
    '127.0.0.1',
    '127.255.255.254',
    '169.254.1.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.168.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1', // IPv4-compatible
    '::8.8.8.8',
    '::ffff:10.0.0.1', // IPv4-mapped
    '::ffff:7f00:1',
    '64:ff9b::7f00:1', // NAT64 of 127.0.0.1
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::8.8.8.8', // NAT64 of one's own network
    '100::1', // discard-only
    '2001:0:4136:e378:8000:63bf:3fff:fdd2', // Teredo
    '2001:2::1',
    '2001:db8::1',
    '2002:7f00:1::', // 6to4 of 127.0.0.1
    '2002:808:808::', // 6to4 of 8.8.8.8
    '2606:4700::5efe:10.0.0.1', // ISATAP
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
  ],
  never: [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:0254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:a9fe:a9:fe00::', // RFC 6052, prefix of 48 bits
    '2002:a9fe:a9fe::1',
    '2001:0:1:2:3:4:5601:5601', // Teredo: the client's address, inverted
    '2606:4700::5efe:169.254.169.254',
  ],
}

for (const [want, addresses] of Object.entries(CASES)) {
  for (const address of addresses)
    test(`"${address}" is ${want}`, () => assert.equal(classify(address), want))
}
