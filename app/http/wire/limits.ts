import type { BucketState } from '../../policy/limit/buckets.ts'
import { valuesIn } from '../../policy/limit/key.ts'
import type { WarmUpDay } from '../../policy/pacing.ts'
import { rateWords } from '../../policy/plan/words.ts'
import type { Limit, LimitKey, Pacing } from '../../policy/snapshot.ts'

/** The buckets of one limit that lack something: how many there are, and those that lack most. */
export type InUse = { readonly count: number; readonly fullest: readonly BucketState[] }

const WORDS: Readonly<Record<LimitKey, string>> = {
  principal: 'principal',
  account: 'account',
  recipient: 'contact',
  remoteIp: 'ip',
}

/** A limit as it is declared, and what is left of it for whom. */
export function limitJson(limit: Limit, { count, fullest }: InUse, now: Date): object {
  const { name, key, burst, onExceed, maxWaitMs, blockForMs, principals, firstContact } = limit
  return {
    name,
    key: key.map(part => (part === 'remoteIp' ? 'remote_ip' : part)),
    rate: rateWords(limit),
    burst,
    on_exceed: onExceed,
    max_wait_ms: maxWaitMs ?? null,
    block_for_ms: blockForMs ?? null,
    when: { principals: principals ?? null, first_contact: firstContact ?? null },
    in_use: count,
    buckets: fullest.map(bucket => bucketJson(limit, bucket, now)),
  }
}

/** The day of a warm-up that it is now. */
export type Today = WarmUpDay & { readonly sent: number }

/** How fast an account sends; `today` is null where it is not warmed up. */
export function paceJson(account: string, { jitter, warmUp }: Pacing, today: Today | undefined): object {
  return {
    account,
    jitter: jitter === undefined ? null : { min_ms: jitter.minMs, max_ms: jitter.maxMs },
    warm_up: warmUp ?? null,
    today:
      today === undefined
        ? null
        : {
            allowance: today.allowance,
            remaining: Math.max(0, today.allowance - today.sent),
            until: today.until.toISOString(),
          },
  }
}

function bucketJson({ key, burst }: Limit, bucket: BucketState, now: Date): object {
  const values = valuesIn(bucket.key)
  const blocked = bucket.blockedUntilMs > now.getTime()
  return {
    ...Object.fromEntries(key.map((part, n) => [WORDS[part], shown(part, values[n] ?? '')])),
    remaining: blocked ? 0 : Math.max(0, Math.floor(bucket.tokens)),
    of: burst,
    full_at: new Date(bucket.restsAtMs).toISOString(),
    blocked_until: blocked ? new Date(bucket.blockedUntilMs).toISOString() : null,
  }
}

/** Whoever looks after limits need not learn whom others write to. */
function shown(part: LimitKey, value: string): string {
  return part === 'recipient' && value.startsWith('+') ? `${value.slice(0, 3)}…${value.slice(-2)}` : value
}
