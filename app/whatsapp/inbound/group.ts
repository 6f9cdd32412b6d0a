import {
  type BinaryNode,
  getAllBinaryNodeChildren,
  getBinaryNodeChild,
  getBinaryNodeChildren,
} from '@whiskeysockets/baileys'
import type { EventType, JsonObject } from '../../model/event.ts'
import type { InboundChange } from '../../store/journal.ts'
import { personOf } from '../translate.ts'
import { countOf, instantOfSeconds } from './numbers.ts'
import { NOTHING, type Reader, type Reading } from './reading.ts'

/** What happens to the members of a group, by the stanza's word for it. */
const ACTIONS: Readonly<Record<string, string>> = {
  add: 'add',
  remove: 'remove',
  leave: 'leave',
  promote: 'promote',
  demote: 'demote',
  modify: 'change_number',
  created_membership_requests: 'request',
  revoked_membership_requests: 'withdraw_request',
}

/** A change of a group's settings, by the stanza's word for it. Others are told by that word alone. */
const SETTINGS: Readonly<Record<string, (child: BinaryNode) => JsonObject>> = {
  subject: ({ attrs }) => ({ subject: attrs.subject ?? '' }),
  description: child => ({ description: textOf(getBinaryNodeChild(child, 'body')) }),
  announcement: () => ({ announcement: true }),
  not_announcement: () => ({ announcement: false }),
  locked: () => ({ locked: true }),
  unlocked: () => ({ locked: false }),
  ephemeral: ({ attrs }) => {
    const seconds = countOf(attrs.expiration)
    return seconds === undefined ? {} : { ephemeral_seconds: seconds }
  },
  not_ephemeral: () => ({ ephemeral_seconds: 0 }),
  membership_approval_mode: child => ({
    approval: getBinaryNodeChild(child, 'group_join')?.attrs.state === 'on',
  }),
  member_add_mode: child => ({ add_mode: textOf(child) }),
  create: child => ({ subject: getBinaryNodeChild(child, 'group')?.attrs.subject ?? '' }),
}

/** True for the notifications that tell what happened to a group. */
export function isGroupNotification({ tag, attrs }: BinaryNode): boolean {
  return tag === 'notification' && attrs.type === 'w:gp2' && attrs.from?.endsWith('@g.us') === true
}

export async function readGroupNotification(node: BinaryNode, reader: Reader): Promise<Reading> {
  const { attrs } = node
  const group = attrs.from
  if (group === undefined) return NOTHING
  const by = await personOf(attrs.participant, attrs.participant_pn, reader.lookup)
  const about: JsonObject = { group, chat: group, ...(by === undefined ? {} : { from: by }) }
  const changes: InboundChange[] = []
  for (const child of getAllBinaryNodeChildren(node))
    changes.push(await changeOf(child, { node, about, reader }))
  return { changes, subject: JSON.stringify(['group', group, attrs.participant, attrs.id]), kept: true }
}

type Around = { readonly node: BinaryNode; readonly about: JsonObject; readonly reader: Reader }

async function changeOf(child: BinaryNode, { node, about, reader }: Around): Promise<InboundChange> {
  const action = ACTIONS[child.tag]
  if (action === undefined) {
    const said = SETTINGS[child.tag]?.(child) ?? {}
    return event('group.updated', { ...about, change: child.tag, ...said }, { node, reader })
  }
  const members = getBinaryNodeChildren(child, 'participant').map(({ attrs }) => attrs)
  const found = await Promise.all(
    members.map(({ jid, phone_number }) => personOf(jid, phone_number, reader.lookup)),
  )
  const participants = found.filter(person => person !== undefined)
  const alone = participants.length === 1 && participants[0] === about.from
  const word = action === 'remove' && alone ? 'leave' : action
  return event('group.participants', { ...about, action: word, participants }, { node, reader })
}

function event(
  type: EventType,
  about: JsonObject,
  { node, reader }: Pick<Around, 'node' | 'reader'>,
): InboundChange {
  const { account, route, at } = reader
  const chat = String(about.group)
  const happenedAt = instantOfSeconds(node.attrs.t) ?? at
  const data = { ...about, timestamp: happenedAt.toISOString() }
  return { kind: 'event', effects: { events: [route({ type, account, chat, data })] } }
}

function textOf(node: BinaryNode | undefined): string {
  const { content } = node ?? {}
  return typeof content === 'string' || content instanceof Uint8Array ? Buffer.from(content).toString() : ''
}
