import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOTATIONS } from '../../app/policy/shape/notation.ts'

type Table = Readonly<
  Record<string, { readonly right: Readonly<Record<string, unknown>>; readonly wrong: readonly string[] }>
>

const DAY = 86_400_000

const TABLE: Table = {
  duration: {
    right: { '800ms': 800, '30s': 30_000, '5m': 300_000, '12h': DAY / 2, '7d': 7 * DAY },
    wrong: ['', '5', 's', '5 m', '5M', '-5m', '1.5h', '0s', '99999d', '5m30s', '٥m'],
  },
  timeout: {
    right: { '30s': 30_000, '24h': DAY, '1d': DAY },
    wrong: ['', '25h', '30d', '0s', '86400001ms'],
  },
  size: {
    right: { '512B': 512, '1KiB': 1_024, '64MiB': 67_108_864 },
    wrong: ['', '1MB', '1', '1 MiB', '0B', '9999999MiB', '1.5KiB'],
  },
  rate: {
    right: { '50/1s': { count: 50, periodMs: 1_000 }, '60/1d': { count: 60, periodMs: DAY } },
    wrong: ['', '50', '50/s', '0/1s', '50/0s', '50 / 1s', '-1/1s', '1.5/1s', '50/1s/1s'],
  },
  number: {
    right: { '+33600000001': '+33600000001', '0600000001': '0600000001' },
    wrong: ['', '06', '+0600000001', '+33 6', '+', '+1234', '06 00 00'],
  },
  region: { right: { FR: 'FR', US: 'US' }, wrong: ['', 'fr', 'XX', 'FRA', 'France'] },
  language: { right: { en: 'en', 'pt-BR': 'pt-BR' }, wrong: ['', 'EN', 'english', 'pt_BR', 'pt-br'] },
  parameter: {
    right: { due: 'due', due_on: 'due_on' },
    wrong: ['', 'Due', 'due-on', '1st', '__proto__', 'a.b'],
  },
  header: { right: { 'X-Signature': 'X-Signature' }, wrong: ['', 'x sig', 'X:', '-x'] },
  place: { right: { alerts: 'alerts', 'a.b_c': 'a.b_c' }, wrong: ['', 'a.', '.a', 'a b', 'a[0]'] },
  prefix: { right: { '+33': '+33', '+1555999': '+1555999' }, wrong: ['33', '+', '+0', '+33*', ''] },
  serial: {
    right: { '4f:9a:00:c1': '4f9a00c1', '00:4F': '4f', '4711': '4711', '0': '0' },
    wrong: ['', '4f:9', 'xyz', '4f-9a', ':4f', '4f::9a'],
  },
  name: {
    right: { main: 'main', 'customers-eu_2': 'customers-eu_2' },
    wrong: ['', 'Main', '1main', 'a b', '-a', 'a.b', '*', '__proto__'],
  },
  sanUri: {
    right: { 'spiffe://postern/client/demo': 'spiffe://postern/client/demo' },
    wrong: ['', 'demo', 'spiffe://postern/internal/proxy', 'SPIFFE://postern/internal/proxy', 'spiffe://a b'],
  },
  origin: {
    right: {
      'https://localhost:9443': 'https://localhost:9443',
      'https://wa.example.com': 'https://wa.example.com',
      'https://[::1]:9443': 'https://[::1]:9443',
    },
    wrong: [
      'http://localhost',
      'https://localhost/',
      'https://a@b',
      'https://localhost:99999',
      'https://localhost:0',
      'localhost:9443',
      'https://*',
      'https://a{b}',
    ],
  },
  email: {
    right: { 'ana@example.com': 'ana@example.com' },
    wrong: ['ana', '@example.com', 'ana@', 'a b@example.com'],
  },
}

for (const [name, { right, wrong }] of Object.entries(TABLE)) {
  test(`reads every right ${name}, and nothing else`, () => {
    const notation = NOTATIONS.get(name)
    for (const [text, value] of Object.entries(right)) assert.deepEqual(notation?.parse(text), value, text)
    for (const text of wrong) assert.equal(notation?.parse(text), undefined, text)
  })
}

test('takes https URLs for endpoints, and none with credentials, fragments or another scheme', () => {
  const url = NOTATIONS.get('url')
  for (const text of ['https://a.example/hooks?x=1', 'https://127.0.0.1:7072/', 'https://[2001:db8::1]/']) {
    assert.ok(url?.parse(text), text)
  }
  const refused = [
    'http://a.example/',
    'https://u@a.example/',
    'https://u:p@a.example/',
    'https://a.example/#x',
  ]
  for (const text of [
    ...refused,
    'https://',
    '//a.example',
    'https://a b',
    'file:///etc/passwd',
    'https:\\\\a',
  ]) {
    assert.equal(url?.parse(text), undefined, text)
  }
})

test('takes a day for its first moment in UTC, and no day that the calendar does not have', () => {
  const instant = NOTATIONS.get('instant')
  assert.deepEqual(instant?.parse('2027-03-31'), new Date('2027-03-31T00:00:00Z'))
  assert.deepEqual(instant?.parse('2027-03-31T18:00:00+02:00'), new Date('2027-03-31T16:00:00Z'))
  for (const text of ['2027-02-30', '2027-13-01', '2027-03-31 18:00', '31.03.2027', '2027-03-31T18:00', '']) {
    assert.equal(instant?.parse(text), undefined, text)
  }
})
