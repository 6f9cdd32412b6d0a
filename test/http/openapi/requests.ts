import * as samples from '../../media/samples.ts'
import type { Call } from '../running-http.ts'
import type { Documented } from './documented.ts'
import type { Real } from './furnished.ts'

/** The requests that an operation's examples are: one for each body, or one. */
export function examplesOf(
  operation: Documented,
  real: Real,
): readonly (readonly [name: string, call: Call])[] {
  const { method, examples } = operation
  const path = `${pathOf(operation, real)}${queryOf(operation, real)}`
  const bodies = Object.entries(examples)
  if (bodies.length > 0)
    return bodies.map(([name, body]) => [name, { path, method, as: 'billing', body: inPlace(body, real) }])
  const [file] = filesFor(operation, real)
  return [[file === undefined ? 'as it is' : 'a file', { path, method, as: 'billing', ...file }]]
}

export type Sent = Pick<Call, 'body' | 'headers'>

/** What is sent where a file is taken, whole or in a form. */
export function filesFor({ id }: Documented, { places }: Real): readonly Sent[] {
  switch (id) {
    case 'uploadMedia':
      return [...FILES.map(body => ({ body })), ...forms({ messaging_product: 'whatsapp' })]
    case 'graphUploadMedia':
      return forms({ messaging_product: 'whatsapp' })
    case 'whinselfUpdatechannellogo':
      return forms({ channelJID: places['changeChannel.channel'] ?? '' })
    default:
      return []
  }
}

const FILES = [
  ...[samples.png(7, 7), samples.jpeg(), samples.png(9, 9), samples.pdf()],
  ...[samples.png().subarray(0, 20), Buffer.from('MZ')],
]

/** The first has a picture that every route takes. */
function forms(fields: Readonly<Record<string, string>>): readonly Sent[] {
  return [samples.jpeg(4, 4), ...FILES].map(file => {
    const texts = Object.entries(fields).map(([name, text]) => `${part(`name="${name}"`)}${text}\r\n`)
    const head = `${texts.join('')}${part('name="file"; filename="a"')}`
    const body = Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--edge--\r\n')])
    return { body, headers: { 'content-type': 'multipart/form-data; boundary=edge' } }
  })
}

function part(about: string): string {
  return `--edge\r\nContent-Disposition: form-data; ${about}\r\n\r\n`
}

function pathOf({ id, path, parameters }: Documented, { places }: Real): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { example } = parameters.find(one => one.in === 'path' && one.name === name) ?? {}
    return encodeURIComponent(places[`${id}.${name}`] ?? places[name] ?? String(example))
  })
}

function queryOf({ parameters }: Documented, real: Real): string {
  const shown = parameters.filter(one => one.in === 'query' && one.example !== undefined)
  return shown.length === 0
    ? ''
    : `?${new URLSearchParams(shown.map(({ name, example }) => [name, String(inPlace(example, real))]))}`
}

/** A body with what there really is in the place of what the document made up. */
export function inPlace(body: unknown, { texts }: Real): unknown {
  const written = JSON.stringify(body)
  return JSON.parse(
    Object.entries(texts).reduce((text, [example, real]) => text.replaceAll(example, real), written),
  )
}
