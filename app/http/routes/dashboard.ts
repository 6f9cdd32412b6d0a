import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { kept } from './openapi.ts'
import type { Route } from './route.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'dashboard')
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/**
 * The page for operators: `/` and its `/assets/…`, read once at the start. It has no rights of its own: all it shows
 * comes through `/v1` under the same policy.
 */
export function dashboardRoutes(): readonly Route[] {
  return readdirSync(FOLDER).flatMap((file): Route[] => {
    const mediaType = MEDIA_TYPES[extname(file)]
    if (mediaType === undefined) return []
    const answer = kept(mediaType, readFileSync(join(FOLDER, file)))
    const path = file === 'index.html' ? '/' : `/assets/${file}`
    return [{ method: 'get', path, sites: ['dashboard'], access: { kind: 'anybody' }, handle: () => answer }]
  })
}
