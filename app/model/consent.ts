/** What a contact has consented to, as far as it was said when it was recorded. */
export type Consent = {
  readonly purpose: string
  readonly grantedAt?: Date
  /** How it can be shown: the id of a form, a call, a ticket. */
  readonly evidence?: string
}

/** A consent as the ledger has it: one for each purpose, the latest. */
export type RecordedConsent = Consent & { readonly recordedAt: Date; readonly withdrawnAt?: Date }

/** What a contact has said about being written to, whichever account writes. */
export type Standing = { readonly optedOutAt?: Date; readonly consents: readonly RecordedConsent[] }
