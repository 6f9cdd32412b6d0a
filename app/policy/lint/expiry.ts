import { entriesOf, warn } from '../check/entries.ts'
import type { Diagnostic } from '../diagnostic.ts'
import type { Linted } from './lint.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const SOON_MS = 30 * DAY_MS

/** Tells of principals whose access ends within 30 days, or has ended. */
export function expiring({ shapes, snapshot, lintAt }: Linted): readonly Diagnostic[] {
  const everybody = ['services', 'people'].flatMap(member => entriesOf(shapes, 'Principals', member))
  return everybody.flatMap(principal => {
    const { name, path } = principal
    const expiresAt = snapshot.principals.get(name)?.expiresAt
    const leftMs = (expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) - lintAt.getTime()
    if (leftMs > SOON_MS) return []
    const message = `"${name}" ${leftMs <= 0 ? 'has expired' : `expires in ${daysText(leftMs)}`}`
    const hint = 'set a later day if it is still needed, else remove it'
    const effect = `${leftMs <= 0 ? '' : 'from then on '}everything that it asks for is refused`
    return [
      warn(principal, { code: 'PS-3111', path: [...path, 'expires'], at: 'value', message, hint, effect }),
    ]
  })
}

function daysText(ms: number): string {
  const days = Math.ceil(ms / DAY_MS)
  return days === 1 ? 'a day or less' : `${days} days`
}
