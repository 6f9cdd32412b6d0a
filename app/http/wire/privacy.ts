import type { Standing } from '../../model/consent.ts'
import type { Finding } from '../../store/privacy.ts'
import { decisionJson } from './decision.ts'
import { mediaJson } from './media.ts'
import { messageJson } from './message.ts'
import { eventJson } from './webhook.ts'

/** Something that is stored about a contact, under a member that is called after its `kind`. */
export function findingJson(finding: Finding): object {
  switch (finding.kind) {
    case 'message':
      return { kind: 'message', message: messageJson(finding.message) }
    case 'event':
      return { kind: 'event', event: eventJson(finding.event) }
    case 'decision':
      return { kind: 'decision', decision: decisionJson(finding.decision) }
    case 'file':
      return { kind: 'file', file: { account: finding.item.account, ...mediaJson(finding.item) } }
  }
}

/** What the ledger has of a contact, evidence included: it is theirs to see. */
export function consentRecordJson(
  phone: string,
  { optedOutAt, consents }: Standing,
  name: string | undefined,
): object {
  return {
    kind: 'contact',
    contact: {
      phone,
      name: name ?? null,
      opted_out_at: optedOutAt?.toISOString() ?? null,
      consents: consents.map(({ purpose, grantedAt, evidence, recordedAt, withdrawnAt }) => ({
        purpose,
        granted_at: grantedAt?.toISOString() ?? null,
        evidence: evidence ?? null,
        recorded_at: recordedAt.toISOString(),
        withdrawn_at: withdrawnAt?.toISOString() ?? null,
      })),
    },
  }
}
