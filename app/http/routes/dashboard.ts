import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer } from '../answer.ts'
import type { Route } from './route.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'dashboard')
const FILES = [
  { path: '/', file: 'index.html', mediaType: 'text/html; charset=utf-8' },
  { path: '/dashboard.js', file: 'dashboard.js', mediaType: 'text/javascript; charset=utf-8' },
  { path: '/dashboard.css', file: 'dashboard.css', mediaType: 'text/css; charset=utf-8' },
  { path: '/favicon.svg', file: 'favicon.svg', mediaType: 'image/svg+xml' },
] as const

/** The page for operators. It has no rights of its own: all it shows comes through `/v1` under the same policy. */
export function dashboardRoutes(): readonly Route[] {
  return FILES.map(({ path, file, mediaType }): Route => {
    const bytes = readFileSync(join(FOLDER, file))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
    const answer: Answer = {
      kind: 'bytes',
      mediaType,
      bytes,
      headers: { ETag: etag, 'Cache-Control': 'no-cache' },
    }
    return { method: 'get', path, sites: ['dashboard'], access: { kind: 'anybody' }, handle: () => answer }
  })
}
