import type { Standing } from '../../model/consent.ts'
import { validPurposes } from '../../policy/decide/consent.ts'
import type { ConsentTerms } from '../../policy/snapshot.ts'

/** What is known of a contact's wishes. That there is evidence is said, the evidence itself is not: who may write it need not read it. */
export function standingJson(
  contact: string,
  { optedOutAt, consents }: Standing,
  at: Date,
  terms: ConsentTerms,
) {
  return {
    phone: contact,
    opted_out_at: optedOutAt?.toISOString() ?? null,
    consents: consents.map(consent => {
      const { purpose, grantedAt, evidence, recordedAt, withdrawnAt } = consent
      const counts = withdrawnAt === undefined && validPurposes([consent], terms, at).length > 0
      return {
        purpose,
        granted_at: grantedAt?.toISOString() ?? null,
        has_evidence: evidence !== undefined,
        recorded_at: recordedAt.toISOString(),
        withdrawn_at: withdrawnAt?.toISOString() ?? null,
        valid: counts,
      }
    }),
  }
}
