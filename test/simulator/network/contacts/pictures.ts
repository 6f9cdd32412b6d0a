import { storeFile } from '../../phones/media/paths.ts'
import { clientsOf } from '../../phones/phone.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import { devicesOf } from '../../phones/sending/group.ts'
import type { Mailbox } from '../../store/mail/queue.ts'
import type { User } from '../../store/people/users.ts'
import type { Group } from '../../store/social/groups.ts'
import { jidOf, parseAddress } from '../../wire/address.ts'
import { bytesOf, seconds, stanza } from '../../wire/stanza.ts'
import { namesOf } from '../groups/describe.ts'
import { FORBIDDEN, isAdmin, isMember, NOT_ACCEPTABLE, NOT_AUTHORIZED, NOT_FOUND } from '../groups/rights.ts'
import { type IqContext, type IqOutcome, type IqTable, result } from '../iq/table.ts'
import type { Network } from '../network.ts'
import { devicesOfAcquaintances } from './acquaintances.ts'

/** Whose picture it is: a user's own, or a group's. */
type Owner = { readonly user: User } | { readonly group: Group }

const ID_BYTES = 8
const MAX_BYTES = 1024 * 1024
const JPEG = Buffer.from([0xff, 0xd8, 0xff])

/** Pictures of users and groups. */
export const pictureIqs: IqTable = {
  'w:profile:picture get picture': show,
  'w:profile:picture set picture': context => change(context, bytesOf(context.request)),
  'w:profile:picture set ': context => change(context, undefined),
}

/** Gives a user or group another picture, or none, and tells who knows them. Answers the new picture's id. */
export function setPicture(
  network: Network,
  actor: User,
  { owner, bytes }: { owner: Owner; bytes: Uint8Array | undefined },
): string | undefined {
  const { world } = network
  const key = 'group' in owner ? owner.group.id : owner.user.number
  if (bytes === undefined) {
    world.pictures.remove(key)
    tell(network, actor, { owner, id: undefined })
    return undefined
  }
  const id = String(1_500_000_000 + (world.random.bytes(4).readUInt32BE() % 1_000_000_000))
  const { directPath } = storeFile(world, { kind: 'image', bytes, account: actor.number })
  world.pictures.put(key, { id, directPath })
  tell(network, actor, { owner, id })
  return id
}

/** Why bytes are no picture; undefined when they are one. */
export function pictureFault(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_BYTES) return `a picture has at most ${MAX_BYTES} bytes`
  return Buffer.from(bytes.subarray(0, 3)).equals(JPEG) ? undefined : 'a picture is a JPEG'
}

function show({ network, user, iq, request }: IqContext): IqOutcome {
  const { world } = network
  const owner = ownerOf(network, iq.attrs.target)
  if (owner === undefined) return NOT_FOUND
  if ('group' in owner && !isMember(owner.group, user.number)) return NOT_AUTHORIZED
  if ('user' in owner && owner.user.number !== user.number) {
    const { privacy, blocked } = world.profiles.of(owner.user.number)
    if (privacy.profile === 'none' || blocked.includes(user.number)) return NOT_AUTHORIZED
  }
  const picture = world.pictures.of('group' in owner ? owner.group.id : owner.user.number)
  if (picture === undefined) return NOT_FOUND
  const direct_path = picture.directPath
  const url = `${network.media.origin}${direct_path}`
  return result(stanza('picture', { id: picture.id, type: request?.attrs.type ?? 'image', url, direct_path }))
}

async function change({ network, user, iq }: IqContext, bytes: Buffer | undefined): Promise<IqOutcome> {
  const { target } = iq.attrs
  const owner = target === undefined ? { user } : ownerOf(network, target)
  if (owner === undefined) return NOT_FOUND
  if ('user' in owner && owner.user.number !== user.number) return FORBIDDEN
  if ('group' in owner && !mayChange(owner.group, user)) return FORBIDDEN
  if (bytes !== undefined && pictureFault(bytes) !== undefined) return NOT_ACCEPTABLE
  const id = setPicture(network, user, { owner, bytes })
  await network.world.db.committed()
  return result(...(id === undefined ? [] : [stanza('picture', { id })]))
}

function mayChange(group: Group, { number }: User): boolean {
  return group.locked ? isAdmin(group, number) : isMember(group, number)
}

function ownerOf({ world }: Network, jid: string | undefined): Owner | undefined {
  const group = world.groups.get(jid ?? '')
  if (group !== undefined) return { group }
  const user = userAt(world, parseAddress(jid))
  return user === undefined ? undefined : { user }
}

function tell(
  { world, delivery }: Network,
  actor: User,
  { owner, id }: { owner: Owner; id: string | undefined },
): void {
  const isGroup = 'group' in owner
  const author = isGroup ? namesOf(owner.group, actor).jid : jidOf(actor, 'pn')
  const from = isGroup ? owner.group.id : jidOf(owner.user, 'pn')
  const what =
    id === undefined ? stanza('delete', { author, jid: from }) : stanza('set', { author, id, jid: from })
  const attributes = { from, type: 'picture', id: world.random.hex(ID_BYTES), t: seconds(world.now()) }
  for (const mailbox of isGroup ? companionsIn(owner.group) : acquaintedWith(owner.user)) {
    delivery.enqueue(mailbox, 'notification', stanza('notification', attributes, [what]))
  }

  function companionsIn(group: Group): readonly Mailbox[] {
    return devicesOf(world, group).filter(({ device }) => device !== 0)
  }

  function acquaintedWith({ number }: User): readonly Mailbox[] {
    return [...devicesOfAcquaintances(world, number), ...clientsOf(world, number)]
  }
}
