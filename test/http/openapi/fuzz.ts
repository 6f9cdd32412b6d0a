import fc, { type Arbitrary } from 'fast-check'
import { CONTACT } from '../../whatsapp/rig.ts'
import type { Call } from '../running-http.ts'
import { anyText, fitting, spoilt } from './arbitrary.ts'
import type { Documented, Parameter } from './documented.ts'
import type { Real } from './furnished.ts'
import { filesFor, inPlace, type Sent } from './requests.ts'

/** One request made up from what the document says of an operation. */
export type Made = { readonly operation: Documented; readonly call: Call }

const JSON_TYPE = { 'content-type': 'application/json' }
const CALLERS = ['billing', 'narrow', 'distant', undefined] as const
const TYPES = ['application/json', 'application/json; charset=utf-8', 'text/plain', 'multipart/form-data', '']

/** `count` requests, the same for the same seed: most from who may do everything, most nearly right, each operation as often as the others. */
export function* made(
  operations: readonly Documented[],
  real: Real,
  { seed, count }: { readonly seed: number; readonly count: number },
): Generator<Made> {
  const words = [...Object.values(real.places), ...Object.values(real.texts), ...WORDS]
  const each = Math.ceil(count / operations.length)
  const lists = operations.map(operation =>
    fc.sample(callOf(operation, real, words), { seed, numRuns: each }).map(call => ({ operation, call })),
  )
  for (let n = 0; n < count; n++) {
    const one = lists[n % lists.length]?.[Math.floor(n / lists.length)]
    if (one !== undefined) yield one
  }
}

const WORDS = [
  ...[CONTACT, '12025550103', 'status', '98765@lid', '120363000000000001@g.us', 'main', 'spare', 'ghost'],
  ...['ledger', 'billing', 'news', 'messages.send', '3EB0AAAAAAAAAAAAAAAA', 'reminder', '👍'],
]

function callOf(operation: Documented, real: Real, words: readonly string[]): Arbitrary<Call> {
  const { method, sites } = operation
  return fc
    .record({
      path: pathOf(operation, real, words),
      query: queryOf(operation, words),
      sent: sentTo(operation, real, words),
      as: fc.oneof({ weight: 8, arbitrary: fc.constant('billing' as const) }, fc.constantFrom(...CALLERS)),
      type: fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, fc.constantFrom(...TYPES)),
      accept: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        fc.constantFrom('application/json', 'image/png', '*/*', 'text/plain', 'x'),
      ),
      range: fc.oneof(
        { weight: 8, arbitrary: fc.constant(undefined) },
        fc.constantFrom('bytes=0-1', 'bytes=9999999-', 'x'),
      ),
    })
    .map(({ path, query, sent, as, type, accept, range }) => ({
      ...{ path: `${path}${query}`, method, site: sites[0] ?? 'api' },
      ...(as === undefined ? {} : { as }),
      ...(sent.body === undefined ? {} : { body: sent.body }),
      headers: {
        ...(typeof sent.body === 'string' ? JSON_TYPE : {}),
        ...sent.headers,
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(accept === undefined ? {} : { accept }),
        ...(range === undefined ? {} : { range }),
      },
    }))
}

function pathOf({ id, path }: Documented, { places }: Real, words: readonly string[]): Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const values = names.map(name => {
    const usual = places[`${id}.${name}`] ?? places[name] ?? (name === 'account' ? 'main' : CONTACT)
    return fc.oneof(
      { weight: 6, arbitrary: fc.constant(usual) },
      { weight: 2, arbitrary: fc.constantFrom(...words) },
      anyText({ minLength: 1 }),
    )
  })
  return fc.tuple(...values).map(given => {
    let next = 0
    return path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(given[next++] ?? ''))
  })
}

function queryOf({ parameters }: Documented, words: readonly string[]): Arbitrary<string> {
  const asked = parameters.filter(one => one.in === 'query')
  const pair = fc.oneof(...asked.map(one => ({ weight: 4, arbitrary: pairOf(one, words) })), {
    weight: 1,
    arbitrary: fc.tuple(fc.string(), fc.string()),
  })
  const pairs = fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(pair, { maxLength: 3 }))
  return pairs.map(list => (list.length === 0 ? '' : `?${new URLSearchParams(list as [string, string][])}`))
}

/** Nobody waits here for events that do not come. */
function pairOf({ name, schema }: Parameter, words: readonly string[]): Arbitrary<[string, string]> {
  const value = name === 'wait' ? fc.constantFrom('0', '31', '-1') : fitting(schema, words)
  return fc.tuple(fc.constant(name), fc.oneof({ weight: 4, arbitrary: value }, fc.string()).map(String))
}

function sentTo(operation: Documented, real: Real, words: readonly string[]): Arbitrary<Sent> {
  const files = filesFor(operation, real)
  if (files.length > 0) {
    const bytes = fc.uint8Array().map(some => ({ body: Buffer.from(some) }))
    return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...files) }, { weight: 1, arbitrary: bytes })
  }
  return bodyOf(operation, real, words).map(body => ({ body }))
}

/** Examples get further than what only fits its schema: the things that they name are there. */
function bodyOf(operation: Documented, real: Real, words: readonly string[]): Arbitrary<unknown> {
  if (operation.body === undefined)
    return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.jsonValue())
  const shown = Object.values(operation.examples).map(body => inPlace(body, real))
  const fits = fitting(operation.body, words)
  const right = shown.length === 0 ? fits : fc.oneof(fits, fc.constantFrom(...shown))
  return fc.oneof(
    { weight: 5, arbitrary: right },
    { weight: 4, arbitrary: spoilt(right) },
    {
      weight: 1,
      arbitrary: fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constantFrom('{', '[1', '"\\ud800"')),
    },
  )
}
