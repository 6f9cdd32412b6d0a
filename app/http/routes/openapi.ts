import { createHash } from 'node:crypto'
import type { Answer, Headers } from '../answer.ts'
import { openApi } from '../openapi/document.ts'
import { PAGE_HEADERS, pageOf } from '../openapi/page.ts'
import { type Route, V1_SITES } from './route.ts'

/**
 * These routes with those that describe them: `GET /v1/openapi.json`, and `GET /docs` for people. Both say the same to
 * everybody, and are written when somebody first asks.
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
  const all = [...routes, ...own]
  return all
}

/** What stays the same as long as the process runs. */
export function kept(mediaType: string, content: string | Uint8Array, headers: Headers = {}): Answer {
  const bytes = Buffer.from(content)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
  return { kind: 'bytes', mediaType, bytes, headers: { ...headers, ETag: etag, 'Cache-Control': 'no-cache' } }
}
