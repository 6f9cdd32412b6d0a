import { clientsOf } from '../../phones/phone.ts'
import type { User } from '../../store/people/users.ts'
import type { Group } from '../../store/social/groups.ts'
import { type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import type { Network } from '../network.ts'
import { namesOf } from './describe.ts'

/** Something that members must hear. */
type News = {
  readonly group: Group
  readonly actor: User
  readonly what: Stanza
  /** Whom to tell; all members without it. */
  readonly to?: readonly string[]
}

const ID_BYTES = 8

/** Tells every linked device of the members what was done to their group, the one that did it too. */
export function notifyGroup({ world, delivery }: Network, { group, actor, what, to }: News): void {
  const { jid, other } = namesOf(group, actor)
  const attributes = {
    from: group.id,
    type: 'w:gp2',
    id: world.random.of(group.id).hex(ID_BYTES),
    t: seconds(world.now()),
    participant: jid,
    [group.addressing === 'lid' ? 'participant_pn' : 'participant_lid']: other,
    addressing_mode: group.addressing,
    notify: actor.name,
  }
  const node = stanza('notification', attributes, [what])
  for (const number of to ?? group.members.map(member => member.number)) {
    for (const mailbox of clientsOf(world, number)) delivery.enqueue(mailbox, 'notification', node)
  }
}
