import { present } from '../../lib/present.ts'
import { duration } from '../shape/notation.ts'
import type { AccountPolicy } from '../snapshot.ts'
import type { Declared, DeclaredAccount } from './declared.ts'
import { parsed, parsedOr } from './values.ts'

const MAX_BACKOFF_MS = 5 * 60_000
const GIVE_UP_AFTER_MS = 6 * 60 * 60_000

/** One account with its defaults filled in. */
export function compileAccount(
  declared: DeclaredAccount,
  name: string,
  { networks }: Pick<Declared, 'networks'>,
): AccountPolicy {
  const { displayName, reconnect, refreshEvery, selfCheckEvery, onLoggedOut, links } = declared
  const refreshEveryMs = refreshEvery === undefined ? undefined : parsed(duration, refreshEvery)
  const selfCheckEveryMs = selfCheckEvery === undefined ? undefined : parsed(duration, selfCheckEvery)
  const linkCidrs = links?.allowNetworks?.flatMap(network => networks[network]?.cidrs ?? [])
  return {
    name,
    reconnect: {
      maxBackoffMs: parsedOr(duration, reconnect?.maxBackoff, MAX_BACKOFF_MS),
      giveUpAfterMs: parsedOr(duration, reconnect?.giveUpAfter, GIVE_UP_AFTER_MS),
    },
    markRead: declared.markRead ?? false,
    presence: declared.presence ?? 'unavailable',
    history: declared.history ?? 'none',
    alertsOnLoggedOut: onLoggedOut?.alert !== 'none',
    ...(declared.rejectCalls ? { rejectCalls: true } : {}),
    ...present({ displayName, refreshEveryMs, selfCheckEveryMs, linkCidrs, linkCaRef: links?.ca }),
  }
}
