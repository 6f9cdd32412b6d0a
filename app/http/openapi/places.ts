import type { Schema } from './shapes/shape.ts'

type Place = { readonly description: string; readonly example: string }

const NUMBER = '+12025550102'

/** What stands in paths. An `id` is told by what stands before it. */
const PLACES: Readonly<Record<string, Place>> = {
  account: { description: 'the name of an account in the policies', example: 'main' },
  phone: {
    description: 'a phone number in international form, with or without +, or …@lid',
    example: NUMBER,
  },
  chat: { description: 'a phone number with or without +, …@lid, or a group: …@g.us', example: NUMBER },
  group: { description: 'the id of a group: …@g.us', example: '120363000000000001@g.us' },
  channel: { description: 'the id of a channel: …@newsletter', example: '120363000000000001@newsletter' },
  name: { description: 'the name of an endpoint in the policies', example: 'ledger' },
  version: { description: 'which one makes no difference', example: 'v23.0' },
  'version.id': { description: 'the name of an account, or the id of a file', example: 'main' },
  'messages.id': {
    description: 'our id of a message, or WhatsApp’s',
    example: 'obx_01jd0000000000000000000001',
  },
  'media.id': { description: 'the id of a file', example: 'med_01jd0000000000000000000001' },
  'deliveries.id': { description: 'the id of a delivery', example: 'dlv_01jd0000000000000000000001' },
}

/** `/a/:b/c` as OpenAPI writes it: `/a/{b}/c`. */
export function templateOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

/** The parameters that a path has. */
export function placesIn(path: string): readonly Schema[] {
  return [...path.matchAll(/(\w+)\/(?=:(\w+))/g)].map(([, before = '', name = '']) => {
    const place = PLACES[name] ?? PLACES[`${before}.${name}`]
    return { name, in: 'path', required: true, schema: { type: 'string', minLength: 1 }, ...place }
  })
}
