import { createHash } from 'node:crypto'
import { clientsOf } from '../../phones/phone.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf, parseAddress, SERVER } from '../../wire/address.ts'
import { children, type Stanza, seconds, stanza } from '../../wire/stanza.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from '../iq/table.ts'
import type { Network } from '../network.ts'

const ID_BYTES = 8

/** The block list: nothing of who is on it reaches the user in a chat of two, and they notice nothing. */
export const blockIqs: IqTable = {
  'blocklist get ': ({ network: { world }, user }) => {
    const items = world.profiles.of(user.number).blocked.flatMap(number => {
      const blocked = world.users.get(number)
      return blocked === undefined ? [] : [stanza('item', { jid: jidOf(blocked, 'lid') })]
    })
    return result(stanza('list', { dhash: hashOf(world, user) }, items))
  },
  'blocklist set item': setBlocked,
}

/** Blocks or unblocks somebody, and tells the user's devices. */
export function block(
  { world, delivery }: Network,
  user: User,
  { who, on }: { who: User; on: boolean },
): void {
  const others = world.profiles.of(user.number).blocked.filter(number => number !== who.number)
  const before = hashOf(world, user)
  world.profiles.change(user.number, { blocked: on ? [...others, who.number] : others })
  const item = stanza('item', { action: on ? 'block' : 'unblock', jid: jidOf(who, 'lid') })
  const list = stanza('blocklist', { action: 'modify', dhash: hashOf(world, user), prev_dhash: before }, [
    item,
  ])
  const id = world.random.hex(ID_BYTES)
  const attributes = { from: SERVER, type: 'account_sync', id, t: seconds(world.now()) }
  for (const mailbox of clientsOf(world, user.number)) {
    delivery.enqueue(mailbox, 'notification', stanza('notification', attributes, [list]))
  }
}

async function setBlocked({ network, user, iq }: IqContext): Promise<IqOutcome> {
  const { world } = network
  const [item] = children(iq, 'item')
  const { action, jid, pn_jid } = item?.attrs ?? {}
  const address = parseAddress(jid)
  const who = userAt(world, address)
  if (who === undefined || address?.by !== 'lid' || (action !== 'block' && action !== 'unblock')) {
    return BAD_REQUEST
  }
  if (action === 'block' && pn_jid !== jidOf(who, 'pn')) return BAD_REQUEST
  block(network, user, { who, on: action === 'block' })
  await world.db.committed()
  return result(listHead(world, user))
}

function listHead(world: World, user: User): Stanza {
  return stanza('list', { dhash: hashOf(world, user), matched: 'true' })
}

function hashOf(world: World, { number }: User): string {
  const blocked = [...world.profiles.of(number).blocked].sort().join()
  return createHash('sha256').update(blocked).digest('base64url').slice(0, 8)
}
