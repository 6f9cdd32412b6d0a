import { COUNT, FLAG, INSTANT, listOf, oneOfWords, orNull, partial, ref, shape, TEXT } from './shape.ts'

const EFFECT = oneOfWords(['allow', 'deny', 'hold'])

/** The policy, what it decides, and what was done. */
export const POLICY_SHAPES = {
  AuditEntry: shape(
    {
      ...{ seq: COUNT, at: INSTANT, principal: TEXT, credential: TEXT, ip: TEXT, action: TEXT, target: TEXT },
      ...{ decision: oneOfWords(['allow', 'deny', 'hold', 'done']), detail: { type: 'object' } },
      ...{ prev: TEXT, hash: TEXT },
    },
    ['credential', 'ip', 'target', 'detail'],
  ),
  PolicyStatus: shape({
    live: shape({
      ...{ revision: TEXT, digest: TEXT, at: orNull(INSTANT), by: orNull(TEXT), reason: orNull(TEXT) },
      commit: orNull(TEXT),
    }),
    disk: shape({
      ...{ digest: orNull(TEXT), in_force: FLAG },
      error: orNull(shape({ code: orNull(TEXT), place: orNull(TEXT), message: TEXT })),
    }),
    rejected: orNull(ref('PolicyEntry')),
    ...{ degraded: FLAG, reload: shape({ mode: oneOfWords(['apply', 'watch']) }) },
    probation: orNull(shape({ revision: TEXT, until: INSTANT })),
  }),
  PolicyEntry: shape({
    ...{ at: INSTANT, revision: orNull(TEXT), digest: TEXT, result: oneOfWords(['applied', 'rejected']) },
    ...{ by: TEXT, reason: TEXT, commit: orNull(TEXT), error: orNull(TEXT) },
  }),
  Explanation: {
    ...shape(
      {
        ...{ effect: TEXT, by: TEXT, reason: TEXT },
        policy: { type: 'string', description: 'the digest of the policy that was asked' },
        trace: listOf(
          shape(
            {
              ...{ rule: TEXT, file: TEXT, line: COUNT, effect: EFFECT, matched: FLAG },
              failed: listOf(TEXT),
            },
            ['file', 'line'],
          ),
        ),
        near_misses: listOf(shape({ rule: TEXT, failed: TEXT })),
        ...{ decision: TEXT, revision: TEXT, decided_under: TEXT, request: { type: 'object' } },
      },
      ['decision', 'revision', 'decided_under', 'request'],
    ),
    description:
      'A decision and every rule that had something to say; of a recorded one also what was asked.',
  },
  Limit: shape({
    ...{ name: TEXT, key: listOf(TEXT), rate: TEXT, burst: COUNT },
    ...{ on_exceed: oneOfWords(['reject', 'queue', 'hold', 'block']), max_wait_ms: orNull(COUNT) },
    block_for_ms: orNull(COUNT),
    when: shape({ principals: orNull(listOf(TEXT)), first_contact: orNull(FLAG) }),
    ...{ counts: oneOfWords(['requests', 'messages', 'failed_log_ins']), in_use: COUNT },
    buckets: listOf(
      shape(
        {
          ...{ principal: TEXT, account: TEXT, contact: TEXT, ip: TEXT },
          ...{ remaining: COUNT, of: COUNT, full_at: INSTANT, blocked_until: orNull(INSTANT) },
        },
        ['principal', 'account', 'contact', 'ip'],
      ),
    ),
  }),
  Pace: shape({
    account: TEXT,
    jitter: orNull(shape({ min_ms: COUNT, max_ms: COUNT })),
    warm_up: orNull(partial({ start: COUNT, growth: { type: 'number' }, max: COUNT })),
    today: orNull(shape({ allowance: COUNT, remaining: COUNT, until: INSTANT })),
  }),
} as const
