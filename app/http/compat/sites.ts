import type { SiteName } from '../../policy/snapshot.ts'

/** Where programs come; the dashboard has no use for other APIs. */
export const COMPAT_SITES: readonly SiteName[] = ['api', 'keys']
