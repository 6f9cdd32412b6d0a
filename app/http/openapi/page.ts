import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Headers } from '../answer.ts'
import { EXAMPLES, type Example, sourceOf } from '../docs/examples.ts'
import type { Schema } from './shapes/shape.ts'

const STYLE = readFileSync(join(import.meta.dirname, 'page.css'), 'utf8')

/** The page needs its own style and nothing else: no script, no picture, nothing from elsewhere. */
export const PAGE_HEADERS: Headers = {
  'Content-Security-Policy': [
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join('; '),
}

type Parts = Readonly<Record<string, Schema>>

/** The document as one page of HTML. */
export function pageOf(document: Schema): string {
  const { info, tags, paths, components } = document as {
    info: { title: string; description: string }
    tags: readonly { name: string }[]
    paths: Readonly<Record<string, Parts>>
    components: { schemas: Parts }
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = tags.map(({ name }, index) => {
    const here = operations.filter(({ operation }) => (operation.tags as readonly string[])[0] === name)
    return `<h2 id="part-${index}">${escaped(name)}</h2>${here.map(operationHtml).join('')}`
  })
  const shapes = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="shape-${name}"><summary><code>${name}</code></summary>${block(schema)}</details>`,
  )
  const links = tags.map(({ name }, index) => `<a href="#part-${index}">${escaped(name)}</a>`)
  const examples = EXAMPLES.map(({ name, title }) => `<a href="/docs/${name}">${title}</a>`)
  return framed(
    `${info.title} API`,
    `<p>${escaped(info.description)}</p>
<p>For programs: <a href="/v1/openapi.json">/v1/openapi.json</a></p>
<p>To begin with, in ${examples.join(', ')}.</p>
<nav>${links.join('')}<a href="#shapes">Shapes</a></nav>
${sections.join('\n')}
<h2 id="shapes">Shapes</h2>${shapes.join('')}`,
  )
}

/** An example as a page: what it needs, how it is run, and all of it. */
export function examplePageOf(example: Example): string {
  const { title, file, command, needs } = example
  const environment =
    'API=https://localhost:9443 CA=edge-ca.pem CERT=client.pem KEY=client.key TO=+15550100001'
  return framed(
    `Postern with ${title}`,
    `<p>Sends a text with a client certificate and waits until WhatsApp has it. ${escaped(needs)}
<code>./postern pki issue NAME</code> makes the certificate; the policy says what it may do. All routes: <a href="/docs">/docs</a>.</p>
<h2>${file}</h2><pre>${escaped(sourceOf(example))}</pre>
<h2>Run it</h2><pre>${escaped(`${environment} ${command.join(' ')} ${file}`)}</pre>`,
  )
}

function framed(title: string, content: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>${content}
</body></html>`
}

function operationHtml(of: { path: string; method: string; operation: Schema }): string {
  const { summary, description, operationId, parameters, requestBody, responses } = of.operation
  const what = `<span class="method">${of.method.toUpperCase()}</span><code>${escaped(of.path)}</code>`
  return [
    `<details id="${escaped(String(operationId))}"><summary>${what} ${escaped(String(summary))}</summary>`,
    description === undefined ? '' : `<p>${inline(String(description))}</p>`,
    parameters === undefined ? '' : `<h4>Parameters</h4>${parametersHtml(parameters as readonly Schema[])}`,
    requestBody === undefined ? '' : `<h4>Body</h4>${contentHtml((requestBody as Schema).content as Parts)}`,
    `<h4>Answers</h4>${answersHtml(responses as Parts)}</details>`,
  ].join('')
}

function parametersHtml(parameters: readonly Schema[]): string {
  const rows = parameters.map(({ name, in: place, description = '', schema }) => {
    const { type, enum: words, ...rest } = schema as Schema
    const kind = words === undefined ? [type, ...Object.entries(rest).map(pair => pair.join(' '))] : words
    return row([
      `<code>${escaped(String(name))}</code>`,
      escaped(String(place)),
      escaped((kind as readonly unknown[]).join(', ')),
      escaped(String(description)),
    ])
  })
  return `<table>${rows.join('')}</table>`
}

function contentHtml(content: Parts): string {
  return Object.entries(content)
    .map(([media, { schema, examples = {} }]) => {
      const shown = Object.values(examples as Parts).map(({ value }) => block(value))
      return `<p><code>${escaped(media)}</code></p>${shown.join('')}<details><summary>Schema</summary>${block(schema)}</details>`
    })
    .join('')
}

function answersHtml(responses: Parts): string {
  const rows = Object.entries(responses).map(([status, { description, content = {} }]) => {
    const shapes = Object.values(content as Parts).map(({ schema }) => shapeOf(schema as Schema))
    return row([status, escaped(String(description)), [...new Set(shapes)].join(', ')])
  })
  return `<table>${rows.join('')}</table>`
}

/** The names of the shapes that a schema speaks of, or its own words. */
function shapeOf(schema: Schema): string {
  const names = [...JSON.stringify(schema).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name)
  if (names.length > 0)
    return [...new Set(names)].map(name => `<a href="#shape-${name}">${name}</a>`).join(', ')
  return `<code>${escaped(JSON.stringify(schema))}</code>`
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`
}

function block(value: unknown): string {
  return `<pre>${escaped(JSON.stringify(value, null, 2))}</pre>`
}

function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>')
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
