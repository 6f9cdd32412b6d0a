import type { Group, GroupText } from '../../store/social/groups.ts'
import { bytesOf, child, type Stanza, stanza } from '../../wire/stanza.ts'
import { timeOf } from './create.ts'
import { namesOf } from './describe.ts'
import { notifyGroup } from './notify.ts'
import {
  CONFLICT,
  type Deed,
  type DeedOutcome,
  FORBIDDEN,
  isAdmin,
  isMember,
  NOT_ACCEPTABLE,
  type Refusal,
} from './rights.ts'

/** The group with the setting, and what its members hear; or why not. */
type Setting = { readonly group: Group; readonly what: Stanza } | Refusal

type Read = (deed: Deed, asked: Stanza) => Setting

const SUBJECT_MAX = 100
const DESCRIPTION_MAX = 2_048
const TIMERS_SECONDS = [86_400, 604_800, 7_776_000]
const BAD_REQUEST: Refusal = { kind: 'error', code: 400, text: 'bad-request' }

/** Settings that members may change as long as the group is not locked. */
const FOR_MEMBERS: Readonly<Record<string, Read>> = {
  subject,
  description,
  ephemeral({ group }, what) {
    const ephemeral = Number(what.attrs.expiration)
    return TIMERS_SECONDS.includes(ephemeral) ? { group: { ...group, ephemeral }, what } : NOT_ACCEPTABLE
  },
  not_ephemeral: ({ group }, what) => ({ group: { ...group, ephemeral: 0 }, what }),
}

const FOR_ADMINS: Readonly<Record<string, Read>> = {
  announcement: ({ group }, what) => ({ group: { ...group, announcement: true }, what }),
  not_announcement: ({ group }, what) => ({ group: { ...group, announcement: false }, what }),
  locked: ({ group }, what) => ({ group: { ...group, locked: true }, what }),
  unlocked: ({ group }, what) => ({ group: { ...group, locked: false }, what }),
  member_add_mode({ group }, asked) {
    const addMode = bytesOf(asked)?.toString()
    if (addMode !== 'admin_add' && addMode !== 'all_member_add') return BAD_REQUEST
    return { group: { ...group, addMode }, what: stanza('member_add_mode', {}, Buffer.from(addMode)) }
  },
  membership_approval_mode({ group }, asked) {
    const state = (child(asked, 'group_join') ?? child(asked, 'community_join'))?.attrs.state
    if (state !== 'on' && state !== 'off') return BAD_REQUEST
    const what = stanza('membership_approval_mode', {}, [stanza('group_join', { state })])
    return { group: { ...group, approval: state === 'on' }, what }
  },
}

export const SETTINGS: readonly string[] = [...Object.keys(FOR_MEMBERS), ...Object.keys(FOR_ADMINS)]

/** Changes one setting, named by the stanza's tag, and tells the members. */
export function changeSetting(deed: Deed, asked: Stanza): DeedOutcome {
  const { network, actor, group: before } = deed
  const read = FOR_MEMBERS[asked.tag] ?? FOR_ADMINS[asked.tag]
  if (read === undefined) return BAD_REQUEST
  const isForAdmins = asked.tag in FOR_ADMINS || before.locked
  if (!isMember(before, actor.number) || (isForAdmins && !isAdmin(before, actor.number))) return FORBIDDEN
  const setting = read(deed, asked)
  if ('kind' in setting) return setting
  const group = network.world.groups.put(setting.group)
  notifyGroup(network, { group, actor, what: setting.what })
  return { kind: 'done', group }
}

function subject({ network: { world }, actor, group }: Deed, asked: Stanza): Setting {
  const body = bytesOf(asked)?.toString() ?? ''
  if (body === '' || body.length > SUBJECT_MAX) return NOT_ACCEPTABLE
  const at = timeOf(world)
  const what = stanza('subject', { subject: body, s_t: String(at), s_o: namesOf(group, actor).jid })
  return { group: { ...group, subject: { id: '', body, by: actor.number, at } }, what }
}

/** A new description must name the one that it replaces: of two at once, the later is refused. */
function description({ network: { world }, actor, group }: Deed, asked: Stanza): Setting {
  const { prev, id = '', delete: isDeleted } = asked.attrs
  if (prev !== group.description?.id) return CONFLICT
  if (isDeleted === 'true') {
    const { description: _, ...bare } = group
    return { group: bare, what: stanza('description', { delete: 'true' }) }
  }
  const body = bytesOf(asked, 'body')?.toString() ?? ''
  if (id === '' || body.length > DESCRIPTION_MAX) return NOT_ACCEPTABLE
  const text: GroupText = { id, body, by: actor.number, at: timeOf(world) }
  const what = stanza('description', { id, t: String(text.at) }, [stanza('body', {}, Buffer.from(body))])
  return { group: { ...group, description: text }, what }
}
