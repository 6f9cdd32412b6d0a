import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max'
import { wallClock } from '../../app/policy/decide/hours.ts'
import { quietAt } from '../../app/policy/decide/quiet.ts'
import { zonesOfNumber } from '../../app/policy/decide/time-zones.ts'
import { quietSpans } from '../../app/policy/shape/notation.ts'
import type { QuietHours } from '../../app/policy/snapshot.ts'

test('knows a time zone of every country, and only such as exist', () => {
  for (const country of getCountries()) {
    const zones = zonesOfNumber(`+${getCountryCallingCode(country)}`)
    assert.ok(zones.length > 0, country)
    for (const zone of zones) assert.doesNotThrow(() => wallClock(zone, new Date(0)), zone)
  }
})

test('tells areas of one calling code apart, and gives all of them where it cannot', () => {
  assert.deepEqual(zonesOfNumber('+33600000001'), ['Europe/Paris'])
  assert.deepEqual(zonesOfNumber('+12125550101'), ['America/New_York'])
  assert.deepEqual(zonesOfNumber('+18085550101'), ['Pacific/Honolulu'])
  const anywhere = zonesOfNumber('+15550001')
  assert.ok(
    ['America/New_York', 'Pacific/Honolulu', 'America/Toronto'].every(zone => anywhere.includes(zone)),
  )
  assert.deepEqual(zonesOfNumber('120363000000000001@g.us'), [])
})

const quietHours = (during: string, tz = 'recipient'): QuietHours => ({
  ...{ tz, meanwhile: 'wait', exceptPurposes: [] },
  spans: quietSpans.parse(during) ?? assert.fail(during),
})

function endOf(hours: QuietHours, leaving: { to?: string; from?: string }, at: string): string | undefined {
  const quiet = quietAt(hours, leaving, new Date(at))
  return quiet.kind === 'wait' ? quiet.until.toISOString() : undefined
}

test('ends quiet hours to the minute, also where clocks change meanwhile', () => {
  const night = quietHours('21:00-08:07')
  const paris = { to: '+33600000001' }
  assert.equal(endOf(night, paris, '2026-11-23T22:31:17.250Z'), '2026-11-24T07:07:00.000Z')
  assert.equal(endOf(night, paris, '2026-03-28T22:00:00Z'), '2026-03-29T06:07:00.000Z')
  assert.equal(endOf(night, paris, '2026-10-24T22:00:00Z'), '2026-10-25T07:07:00.000Z')
  assert.equal(endOf(night, paris, '2026-11-24T07:07:00Z'), undefined)
  const missing = quietHours('01:00-02:30', 'Europe/Paris')
  assert.equal(
    endOf(missing, paris, '2026-03-29T00:30:00Z'),
    '2026-03-29T01:00:00.000Z',
    'half past two never came',
  )
})

test('waits until it is quiet nowhere that the number may be', () => {
  const somewhere = { to: '+61412345678' }
  const end = endOf(quietHours('21:00-08:00'), somewhere, '2026-11-23T12:00:00Z')
  assert.equal(end, '2026-11-24T01:30:00.000Z')
  assert.equal(wallClock('Indian/Cocos', new Date(end)).minute, 8 * 60, 'the last of them wakes')
})

test('goes by the account’s own number for a group, and by UTC where nothing is known', () => {
  const night = quietHours('21:00-08:00')
  const group = { to: '120363000000000001@g.us' }
  assert.equal(
    endOf(night, { ...group, from: '+819012345678' }, '2026-11-23T14:00:00Z'),
    '2026-11-23T23:00:00.000Z',
  )
  assert.equal(endOf(night, group, '2026-11-23T14:00:00Z'), undefined)
  assert.equal(endOf(night, group, '2026-11-23T22:00:00Z'), '2026-11-24T08:00:00.000Z')
})
