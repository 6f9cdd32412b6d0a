import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import access from '../schemas/access.json' with { type: 'json' }
import accounts from '../schemas/accounts.json' with { type: 'json' }
import common from '../schemas/common.json' with { type: 'json' }
import edge from '../schemas/edge.json' with { type: 'json' }
import hooks from '../schemas/hooks.json' with { type: 'json' }
import networks from '../schemas/networks.json' with { type: 'json' }
import policyset from '../schemas/policyset.json' with { type: 'json' }
import policytest from '../schemas/policytest.json' with { type: 'json' }
import principals from '../schemas/principals.json' with { type: 'json' }
import ratelimits from '../schemas/ratelimits.json' with { type: 'json' }
import recipients from '../schemas/recipients.json' with { type: 'json' }
import retention from '../schemas/retention.json' with { type: 'json' }
import templates from '../schemas/templates.json' with { type: 'json' }
import webhooks from '../schemas/webhooks.json' with { type: 'json' }
import { NOTATIONS } from './notation.ts'

/** What a document names, collected while its schema is run: `at` is a JSON pointer into the document. */
export type Mention = { readonly target: string; readonly name: string; readonly at: string }

/** Receives the mentions of one run: names given (`declares`) and names used (`refersTo`). */
export type Mentions = { readonly declared: Mention[]; readonly referred: Mention[] }

const SCHEMAS = {
  PolicySet: policyset,
  Edge: edge,
  Networks: networks,
  Principals: principals,
  Accounts: accounts,
  Access: access,
  Recipients: recipients,
  RateLimits: ratelimits,
  Templates: templates,
  Webhooks: webhooks,
  Hooks: hooks,
  Retention: retention,
  PolicyTest: policytest,
}

export type Kind = keyof typeof SCHEMAS

/** The kinds of this version. */
export const KINDS = Object.keys(SCHEMAS) as readonly Kind[]

const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false, // `required: [mode]` beside the branches of a discriminator
  discriminator: true,
  verbose: true,
  passContext: true,
  meta: false, // that the schemas are schemas is for a test to say: to compile theirs takes half as long as to compile ours
  validateSchema: false,
  code: { optimize: false }, // it takes longer than all that it could save: half of what a start spends on policies
})

ajv.addKeyword({
  keyword: 'notation',
  type: 'string',
  schemaType: 'string',
  validate: (notation: string, text: string) => NOTATIONS.get(notation)?.parse(text) !== undefined,
})
ajv.addKeyword({
  keyword: 'refersTo',
  type: 'string',
  schemaType: 'string',
  validate(this: Mentions, target: string, name: string, _: unknown, at?: { instancePath: string }) {
    this.referred.push({ target, name, at: at?.instancePath ?? '' })
    return true
  },
})
ajv.addKeyword({
  keyword: 'declares',
  type: 'object',
  schemaType: 'string',
  validate(this: Mentions, target: string, map: object, _: unknown, at?: { instancePath: string }) {
    const names = Object.keys(map).filter(name => !name.startsWith('x-'))
    this.declared.push(
      ...names.map(name => ({ target, name, at: `${at?.instancePath ?? ''}/${pointerPart(name)}` })),
    )
    return true
  },
})
ajv.addSchema(common)

const compiled = new Map<Kind, ValidateFunction>()

/** The validator of a kind; undefined when there is no such kind. */
export function validatorOf(kind: string): ValidateFunction | undefined {
  if (!isKind(kind)) return undefined
  const kept = compiled.get(kind)
  if (kept !== undefined) return kept
  const validator = ajv.compile(SCHEMAS[kind])
  compiled.set(kind, validator)
  return validator
}

/** The schema of a kind, or of `common.json`, as editors load it. */
export function schemaOf(name: string): Readonly<Record<string, unknown>> | undefined {
  if (name === 'common.json') return common
  return isKind(name) ? SCHEMAS[name] : undefined
}

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(SCHEMAS, kind)
}

function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
