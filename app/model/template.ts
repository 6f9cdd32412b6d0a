import { Liquid, type Template as Parsed } from 'liquidjs'

export const PARAMETER_TYPES = ['string', 'number', 'date', 'boolean'] as const
export type ParameterType = (typeof PARAMETER_TYPES)[number]

/** A text with places for what its caller gives, as the policies declare it. */
export type Template = {
  readonly name: string
  /** Of the words that the template itself brings, such as the names of months: `en`, `pt-BR`. */
  readonly language: string
  readonly body: string
  /** All that it asks for, and nothing else may be given. */
  readonly parameters: Readonly<Record<string, ParameterType>>
}

export type TemplateFault = { readonly parameter: string; readonly message: string }

export type Rendering =
  | { readonly kind: 'rendered'; readonly text: string }
  | { readonly kind: 'faulty'; readonly faults: readonly TemplateFault[] }
  /** It would have become too long, or nothing at all. */
  | { readonly kind: 'failed'; readonly reason: string }

/** What a body says, or why nobody can read it. */
export type BodyReading =
  | { readonly kind: 'read'; readonly variables: readonly string[] }
  | { readonly kind: 'unreadable'; readonly reason: string }

export const MAX_TEXT_LENGTH = 4_096
const MAX_PARAMETER_LENGTH = 1_024
const MAX_BODY_LENGTH = 10_000
/** Far above what a body of that length needs: only one that was written to take long gets there. */
const RENDER_MS = 1_000
/** Characters and list items that LiquidJS counts over one rendering. */
const RENDER_MEMORY = 100_000
/** Nothing that reads another template. */
const TAGS: ReadonlySet<string> = new Set(
  'assign capture case comment echo for break continue if unless raw #'.split(' '),
)

/** The names that a template asks for. Words that it gives itself (`assign`, `for`) are none. */
export function readBody(body: string, language = 'en'): BodyReading {
  try {
    return { kind: 'read', variables: engineOf(language).globalVariablesSync(body) }
  } catch (error) {
    return { kind: 'unreadable', reason: firstLine(error) }
  }
}

/**
 * The text of a template with these parameters: each that it declares, in its type, and no other. What a parameter says is
 * never read as a template.
 */
export function renderTemplate(template: Template, parameters: Readonly<Record<string, unknown>>): Rendering {
  const faults = faultsOf(template, parameters)
  if (faults.length > 0) return { kind: 'faulty', faults }
  try {
    const text = String(engineOf(template.language).renderSync(parsedOf(template), { ...parameters }))
    if (text.trim() === '') return { kind: 'failed', reason: 'would say nothing' }
    if (text.length <= MAX_TEXT_LENGTH) return { kind: 'rendered', text }
    return { kind: 'failed', reason: `would be ${text.length} characters long, at most ${MAX_TEXT_LENGTH}` }
  } catch (error) {
    return { kind: 'failed', reason: firstLine(error) }
  }
}

function faultsOf(
  { parameters: declared }: Template,
  given: Readonly<Record<string, unknown>>,
): readonly TemplateFault[] {
  const unknown = Object.keys(given).filter(parameter => !Object.hasOwn(declared, parameter))
  const known = Object.keys(declared)
  const hint = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
  return [
    ...unknown.map(parameter => ({ parameter, message: `is no parameter of this template; ${hint}` })),
    ...Object.entries(declared).flatMap(([parameter, type]): TemplateFault[] => {
      if (!Object.hasOwn(given, parameter)) return [{ parameter, message: 'is missing' }]
      const wanted = misfit(type, given[parameter])
      return wanted === undefined ? [] : [{ parameter, message: `must be ${wanted}` }]
    }),
  ]
}

/** What a value should have been; undefined when it is that. */
function misfit(type: ParameterType, value: unknown): string | undefined {
  switch (type) {
    case 'string':
      return typeof value === 'string' && value.length <= MAX_PARAMETER_LENGTH && value.isWellFormed()
        ? undefined
        : `a text of at most ${MAX_PARAMETER_LENGTH} characters`
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : 'a number'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false'
    case 'date':
      return typeof value === 'string' && isDate(value)
        ? undefined
        : 'a day such as 2027-03-31, or an instant such as 2027-03-31T18:00:00Z'
  }
}

/** JavaScript makes the 2nd of March of the 30th of February. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return false
  const [at, day] = [new Date(text), new Date(text.slice(0, 10))]
  return !Number.isNaN(at.getTime()) && day.toISOString().startsWith(text.slice(0, 10))
}

const engines = new Map<string, Liquid>()
const parsed = new WeakMap<Template, Parsed[]>()

function parsedOf(template: Template): Parsed[] {
  const kept = parsed.get(template) ?? engineOf(template.language).parse(template.body)
  parsed.set(template, kept)
  return kept
}

/** A date is written in the time zone that it is given in, a day without one as it stands. */
function engineOf(language: string): Liquid {
  const kept = engines.get(language)
  if (kept !== undefined) return kept
  const engine = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    templates: {}, // instead of the file system
    parseLimit: MAX_BODY_LENGTH,
    renderLimit: RENDER_MS,
    memoryLimit: RENDER_MEMORY,
    timezoneOffset: 0,
    preserveTimezones: true,
    locale: language,
  })
  for (const tag of Object.keys(engine.tags)) if (!TAGS.has(tag)) delete engine.tags[tag]
  engines.set(language, engine)
  return engine
}

/** LiquidJS adds a picture of the place in further lines. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
