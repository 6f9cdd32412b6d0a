import { jidOf } from '../../../model/chat.ts'
import type { Group } from '../../../model/group.ts'

/** A group in the words of the library that Whinself is made with. */
export function groupInfo(group: Group): object {
  const { id, owner, subject, description, createdAt, community, participants } = group
  return {
    JID: id,
    OwnerJID: owner === undefined ? '' : jidOf(owner),
    Name: subject,
    Topic: description ?? '',
    IsLocked: group.locked,
    IsAnnounce: group.announcement,
    IsEphemeral: group.ephemeralSeconds > 0,
    DisappearingTimer: group.ephemeralSeconds,
    IsParent: group.isCommunity,
    LinkedParentJID: community ?? '',
    IsJoinApprovalRequired: group.approval,
    MemberAddMode: group.addMode,
    GroupCreated: createdAt?.toISOString() ?? null,
    Participants: participants.map(({ participant, role }) => ({
      JID: jidOf(participant),
      IsAdmin: role !== 'member',
      IsSuperAdmin: role === 'superadmin',
    })),
  }
}
