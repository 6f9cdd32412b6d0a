import table from './time-zones.json' with { type: 'json' }

/** No prefix in the table is longer. */
const LONGEST = 8

const zonesByPrefix = new Map(
  Object.entries(table).flatMap(([zones, prefixes]) =>
    prefixes.split(' ').map(prefix => [prefix, zones.split(' ')] as const),
  ),
)

/**
 * The time zones of the area that a number belongs to, all of them when it may be in several; none of what is no number.
 *
 * The table is drawn from Google's map of time zones in libphonenumber (Apache License 2.0): the zones of each calling code,
 * and of areas where mobile numbers have codes of them as well: in North America (not its exchanges), Mexico, Brazil and Russia.
 * Elsewhere a mobile number may be anywhere in its country, whatever that map says of it.
 */
export function zonesOfNumber(number: string): readonly string[] {
  if (!number.startsWith('+')) return []
  const digits = number.slice(1, 1 + LONGEST)
  for (let length = digits.length; length > 0; length--) {
    const zones = zonesByPrefix.get(digits.slice(0, length))
    if (zones !== undefined) return zones
  }
  return []
}
