import type { SiteName } from '../../policy/snapshot.ts'
import type { Access, Route } from '../routes/route.ts'
import { type Body, keyOf, type Operation } from './operation.ts'
import { GROUPED_OPERATIONS, PROBES } from './operations/all.ts'
import { placesIn, templateOf } from './places.ts'
import { responsesOf } from './responses.ts'
import { SHAPES } from './shapes/all.ts'
import type { Schema } from './shapes/shape.ts'

const SECURITY: Readonly<Record<SiteName, string | undefined>> = {
  ...{ api: 'clientCertificate', keys: 'apiKey', dashboard: 'basic', hooks: undefined },
}

const COMPONENTS = {
  schemas: SHAPES,
  headers: {
    RequestId: {
      description: 'names the request in the log and the audit chain',
      schema: { type: 'string' },
    },
    Policy: { description: 'the revision of the policy that decided', schema: { type: 'string' } },
    RetryAfter: { description: 'seconds after which it is worth asking again', schema: { type: 'string' } },
  },
  securitySchemes: {
    clientCertificate: { type: 'mutualTLS', description: 'on the api site: a certificate of the client CA' },
    apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'pk_…', description: 'on the keys site' },
    basic: { type: 'http', scheme: 'basic', description: 'on the dashboard site' },
  },
}

const ABOUT = [
  'WhatsApp behind a policy: each route needs an action, and nothing is allowed that no rule allows.',
  'Lists answer pages: "next" is the cursor of the one after, or null. Errors are problem details (RFC 9457);',
  'programs go by their "code". Members and parameters that are not known here are refused.',
].join(' ')

/** The OpenAPI document of these routes, as far as they are described, in the order of the descriptions. */
export function openApi(routes: readonly Route[]): Schema {
  const byKey = new Map(routes.map(route => [keyOf(route), route]))
  const paths: Record<string, Record<string, Schema>> = {}
  const put = (path: string, method: string, operation: Schema) => {
    paths[templateOf(path)] = { ...paths[templateOf(path)], [method]: operation }
  }
  for (const [tag, operations] of Object.entries(GROUPED_OPERATIONS))
    for (const [key, operation] of Object.entries(operations)) {
      const route = byKey.get(key)
      if (route !== undefined)
        put(route.path, route.method, { tags: [tag], ...operationJson(route, operation) })
    }
  for (const [key, operation] of Object.entries(PROBES)) {
    const path = key.replace('GET ', '')
    put(path, 'get', { tags: ['Probes'], security: [], ...commonJson({ method: 'get', path }, operation) })
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Postern', version: '1', description: ABOUT, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: [...Object.keys(GROUPED_OPERATIONS), 'Probes'].map(name => ({ name })),
    paths,
    components: COMPONENTS,
  }
}

function operationJson(route: Route, operation: Operation): Schema {
  return { ...commonJson(route, operation), ...accessJson(route) }
}

/** Who may use it, and where. */
function accessJson(route: Route): Schema {
  const schemes = route.sites.map(site => SECURITY[site]).filter(scheme => scheme !== undefined)
  const action = actionOf(route.access)
  return {
    ...(action === undefined
      ? {}
      : { description: `Needs the action \`${action}\`.`, 'x-postern-action': action }),
    'x-postern-sites': route.sites,
    security: schemes.map(scheme => ({ [scheme]: [] })),
  }
}

function commonJson(route: Pick<Route, 'method' | 'path' | 'body'>, operation: Operation): Schema {
  const { id, summary, query, needs = [], headers, body } = operation
  const parameters = [
    ...placesIn(route.path),
    ...parametersIn('query', query).map(one =>
      needs.includes(String(one.name)) ? { ...one, required: true } : one,
    ),
    ...parametersIn('header', headers),
  ]
  return {
    operationId: id,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyJson(body) }),
    responses: responsesOf(route, operation),
  }
}

function parametersIn(
  place: 'query' | 'header',
  parameters: Readonly<Record<string, Schema>> = {},
): readonly Schema[] {
  return Object.entries(parameters).map(([name, { description, example, ...schema }]) => ({
    ...{ name, in: place, schema },
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
  }))
}

function bodyJson({ content, optional = false, examples = {} }: Body): Schema {
  const named = Object.entries(examples).map(([name, value]) => [name, { value }])
  const shown = named.length === 0 ? {} : { examples: Object.fromEntries(named) }
  const media = Object.entries(content).map(([type, schema]) => [type, { schema, ...shown }])
  return { required: !optional, content: Object.fromEntries(media) }
}

function actionOf(access: Access): string | undefined {
  return 'action' in access ? access.action : undefined
}
