import { table } from './table.ts'

/** A contact's wishes as the API shows them, as far as commands print them. */
export type ShownContact = {
  readonly phone: string
  readonly opted_out_at: string | null
  readonly consents: readonly ShownConsent[]
}

type ShownConsent = {
  readonly purpose: string
  readonly granted_at: string | null
  readonly has_evidence: boolean
  readonly withdrawn_at: string | null
  readonly valid: boolean
}

export function contactText({ phone, opted_out_at, consents }: ShownContact): string {
  const optOut = opted_out_at === null ? 'has not opted out' : `opted out at ${opted_out_at}`
  if (consents.length === 0) return `${phone} ${optOut}\nno consents`
  const rows = consents.map(({ purpose, granted_at, has_evidence, withdrawn_at, valid }) => [
    purpose,
    granted_at ?? '-',
    has_evidence ? 'yes' : 'no',
    withdrawn_at === null ? (valid ? 'valid' : 'does not count') : `withdrawn ${withdrawn_at}`,
  ])
  return `${phone} ${optOut}\n${table(['PURPOSE', 'GRANTED', 'EVIDENCE', 'STATUS'], rows)}`
}
