import type { Consent } from '../../model/consent.ts'
import type { ConsentField, ConsentTerms } from '../snapshot.ts'

/** The purposes to which consent is valid at an instant: under these terms, and not given later. */
export function validPurposes(
  consents: readonly Consent[],
  { requiredFields, purposes, maxAgeMs }: ConsentTerms,
  at: Date,
): readonly string[] {
  const counts = (consent: Consent) => {
    const { purpose, grantedAt } = consent
    if (requiredFields.some(field => !says(consent, field))) return false
    if (purposes !== undefined && !purposes.includes(purpose)) return false
    if (grantedAt === undefined) return maxAgeMs === undefined // nobody knows how old it is
    const ageMs = at.getTime() - grantedAt.getTime()
    return ageMs >= 0 && ageMs <= (maxAgeMs ?? Number.POSITIVE_INFINITY)
  }
  return consents.filter(counts).map(({ purpose }) => purpose)
}

/** Whether a consent says what the terms ask for. */
export function says({ grantedAt, evidence }: Consent, field: ConsentField): boolean {
  switch (field) {
    case 'purpose':
      return true
    case 'granted_at':
      return grantedAt !== undefined
    case 'evidence':
      return evidence !== undefined
  }
}
