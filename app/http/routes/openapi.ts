import { createHash } from 'node:crypto'
import type { Answer, Headers } from '../answer.ts'
import { EXAMPLES } from '../docs/examples.ts'
import { openApi } from '../openapi/document.ts'
import { examplePageOf, PAGE_HEADERS, pageOf } from '../openapi/page.ts'
import { type Route, V1_SITES } from './route.ts'

/**
 * These routes with those that describe them: `GET /v1/openapi.json`, and `GET /docs` with its examples for people. They say the
 * same to everybody, and are written when somebody first asks.
 */
export function described(routes: readonly Route[]): readonly Route[] {
  const common = { method: 'get', access: { kind: 'anybody' } } as const
  let asJson: Answer | undefined
  let asPage: Answer | undefined
  const own: readonly Route[] = [
    {
      ...{ ...common, path: '/v1/openapi.json', sites: V1_SITES },
      handle: () => (asJson ??= kept('application/json', JSON.stringify(openApi(all)))),
    },
    {
      ...{ ...common, path: '/docs', sites: ['api', 'keys'] },
      handle: () => (asPage ??= kept('text/html', pageOf(openApi(all)), PAGE_HEADERS)),
    },
  ]
  const examples = EXAMPLES.map(example => {
    let page: Answer | undefined
    return {
      ...{ ...common, path: `/docs/${example.name}`, sites: ['api', 'keys'] },
      handle: () => (page ??= kept('text/html', examplePageOf(example), PAGE_HEADERS)),
    } as const satisfies Route
  })
  const all = [...routes, ...own, ...examples]
  return all
}

/** What stays the same as long as the process runs. */
export function kept(mediaType: string, content: string | Uint8Array, headers: Headers = {}): Answer {
  const bytes = Buffer.from(content)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
  return { kind: 'bytes', mediaType, bytes, headers: { ...headers, ETag: etag, 'Cache-Control': 'no-cache' } }
}
