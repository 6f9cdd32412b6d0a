/** What a contact has consented to, as far as it was said when it was recorded. */
export type Consent = {
  readonly purpose: string
  readonly grantedAt?: Date
  /** How it can be shown: the id of a form, a call, a ticket. */
  readonly evidence?: string
}
