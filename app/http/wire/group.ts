import type { Group, JoinRequest, ParticipantOutcome } from '../../model/group.ts'

const LINK = 'https://chat.whatsapp.com/'

/** A group as lists show it. */
export function groupSummaryJson(group: Group): object {
  return {
    id: group.id,
    chat: group.id,
    subject: group.subject,
    description: group.description ?? null,
    owner: group.owner ?? null,
    created_at: group.createdAt?.toISOString() ?? null,
    size: group.size,
    announcement: group.announcement,
    locked: group.locked,
    approval: group.approval,
    add_mode: group.addMode,
    ephemeral_seconds: group.ephemeralSeconds,
    is_community: group.isCommunity,
    community: group.community ?? null,
  }
}

/** A group with who is in it. */
export function groupJson(group: Group): object {
  return { ...groupSummaryJson(group), participants: group.participants }
}

export function participantOutcomeJson({ participant, refusal, invitation }: ParticipantOutcome): object {
  return {
    participant,
    done: refusal === undefined,
    ...(refusal === undefined ? {} : { whatsapp_code: refusal }),
    ...(invitation === undefined
      ? {}
      : { invitation: { code: invitation.code, expires_at: invitation.expiresAt.toISOString() } }),
  }
}

export function joinRequestJson({ participant, at }: JoinRequest): object {
  return { participant, requested_at: at?.toISOString() ?? null }
}

export function inviteJson(code: string): { readonly code: string; readonly url: string } {
  return { code, url: `${LINK}${code}` }
}

/** The code of an invite link, also where the whole link is given. */
export function inviteCodeOf(text: string): string | undefined {
  const code = text.startsWith(LINK) ? (text.slice(LINK.length).split('?', 1)[0] ?? '') : text
  return /^[\w-]{10,64}$/.test(code) ? code : undefined
}
