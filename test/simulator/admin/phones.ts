import { proto } from '@whiskeysockets/baileys'
import { haveCompanions } from '../network/linking/companions.ts'
import type { LinkOutcome } from '../network/linking/pairing.ts'
import { tellPushName } from '../phones/app-state/change.ts'
import { AROUND } from '../phones/content/context.ts'
import type { Shape } from '../phones/content/members.ts'
import { readContent } from '../phones/content.ts'
import { isPlayed } from '../phones/phone.ts'
import { readerOf } from '../phones/receiving/reader.ts'
import { boxOf } from '../store/mail/queue.ts'
import type { SentMessage } from '../store/mail/sent.ts'
import type { User } from '../store/people/users.ts'
import { BLOBS, HISTORIES } from '../store/social/profiles.ts'
import type { World } from '../store/world.ts'
import { isCircleJid } from '../wire/address.ts'
import { AdminError, readBody, readNumber } from './body.ts'
import { sendInto } from './destination.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const MAX_COMPANIONS = 20

/** What people do with their phones. */
export const phoneRoutes: AdminRoutes = {
  'GET /phones': ({ network }) => ({
    data: network.world.users.list().map(user => showPhone(network.world, user)),
  }),
  'POST /phones': addPhone,
  'GET /phones/{number}': request => showPhone(request.network.world, phoneOf(request)),
  'POST /phones/{number}/scan': async request => {
    const { qr } = readBody(request.body, { qr: 'string' })
    return linked(await request.network.pairings.scan(phoneOf(request), qr))
  },
  'POST /phones/{number}/enter-code': async request => {
    const { code } = readBody(request.body, { code: 'string' })
    return linked(await request.network.pairings.enterCode(phoneOf(request), code))
  },
  'POST /phones/{number}/send': send,
  'POST /phones/{number}/read': read,
  'POST /phones/{number}/on': request => turn(request, true),
  'POST /phones/{number}/off': request => turn(request, false),
  'GET /phones/{number}/inbox': inbox,
  'GET /phones/{number}/sent': request => {
    const { world } = request.network
    const user = phoneOf(request)
    return { data: world.sent.list(boxAsked(request)).map(sent => showSent(world, user, sent)) }
  },
}

/** The phone that the path names. Throws an AdminError when there is none. */
export function phoneOf({ network, path }: AdminRequest): User {
  const number = readNumber(path.number ?? '')
  const user = network.world.users.get(number)
  if (user === undefined) throw new AdminError(404, `there is no phone +${number}; POST /phones makes one`)
  return user
}

async function addPhone({ network, body }: AdminRequest): Promise<unknown> {
  const { world, delivery } = network
  const asked = readBody(body, {
    number: 'string',
    name: 'string?',
    devices: 'number?',
    history: 'string?',
    blobs: 'string?',
    reads: 'boolean?',
  })
  const number = readNumber(asked.number)
  const known = world.users.get(number)
  const name = asked.name ?? known?.name ?? `Phone ${number.slice(-4)}`
  const user = known === undefined ? world.users.add({ number, name }) : world.users.change(number, { name })
  if (asked.history !== undefined)
    world.profiles.change(number, { history: oneOf(HISTORIES, asked.history, 'history') })
  if (asked.blobs !== undefined) world.profiles.change(number, { blobs: oneOf(BLOBS, asked.blobs, 'blobs') })
  if (asked.reads !== undefined) network.phones.setReading(user, asked.reads)
  const isTold = world.collections.version(number, 'critical_block') > 0
  if (isTold) tellPushName({ world, enqueue: delivery.enqueue.bind(delivery) }, user)
  if (asked.devices !== undefined) haveCompanions(network, user, Math.min(asked.devices, MAX_COMPANIONS))
  await world.db.committed()
  return showPhone(world, user)
}

function oneOf<T extends string>(known: readonly T[], asked: string, name: string): T {
  const found = known.find(each => each === asked)
  if (found === undefined) throw new AdminError(400, `\`${name}\` must be one of ${known.join(', ')}`)
  return found
}

async function send(request: AdminRequest): Promise<unknown> {
  const { network, body } = request
  const user = phoneOf(request)
  const type = (body as { type?: unknown }).type
  if (typeof type !== 'string') throw new AdminError(400, '`type` must be a non-empty string')
  const shape: Shape = {
    ...AROUND,
    device: 'number?',
    audience: 'strings?',
    to: 'string',
    type: 'string',
    [type]: 'any?',
  }
  const { to, type: _, [type]: member, audience, device, ...around } = readBody(body, shape)
  const viewers = (audience ?? []) as readonly string[]
  const wording = { type, member, around }
  const played = playedDevice(network.world, user, device as number | undefined)
  return sendInto(network, user, { to: String(to), wording, audience: viewers, device: played })
}

async function read(request: AdminRequest): Promise<unknown> {
  const user = phoneOf(request)
  const ids = readBody(request.body, { message_ids: 'strings' }).message_ids
  const unknown = ids.filter(id => request.network.world.inbox.find(user.number, id) === undefined)
  if (unknown.length > 0) throw new AdminError(404, `+${user.number} has no message ${unknown.join(', ')}`)
  await request.network.phones.read(user, ids)
  return { read: ids.length }
}

async function turn(request: AdminRequest, on: boolean): Promise<unknown> {
  const { world, phones } = request.network
  const user = world.users.change(phoneOf(request).number, { on })
  void phones.wake({ number: user.number, device: 0 })
  await world.db.committed()
  return showPhone(world, user)
}

/** `after` is the id of a message in the inbox, or how many entries to leave out from the beginning. */
function inbox(request: AdminRequest): unknown {
  const { world } = request.network
  const box = boxAsked(request)
  const after = request.query.get('after') ?? '0'
  const skip = /^\d{1,9}$/.test(after) ? Number(after) : world.inbox.positionOf(box, after)
  if (skip === undefined) throw new AdminError(404, `+${box} has no message ${after}`)
  const data = world.inbox
    .list(box, skip)
    .map(({ content, around, ...entry }) => ({ ...entry, [entry.type]: content, ...around }))
  return { data }
}

/** The device that `?device=` names: the phone, or a companion that the simulator plays. */
function boxAsked(request: AdminRequest): string {
  const user = phoneOf(request)
  const asked = Number(request.query.get('device') ?? 0)
  return boxOf({ number: user.number, device: playedDevice(request.network.world, user, asked) })
}

function playedDevice(world: World, { number }: User, device = 0): number {
  if (isPlayed(world, { number, device })) return device
  throw new AdminError(404, `+${number} has no companion ${device} that the simulator plays`)
}

function showPhone(world: World, { number, name, lid, on }: User): unknown {
  const devices = world.devices.ofUser(number).map(({ id }) => id)
  const { history, blobs, reads } = world.profiles.of(number)
  const inbox_count = world.inbox.count(number)
  return { number: `+${number}`, name, lid, on, devices, history, blobs, reads, inbox_count }
}

function showSent(world: World, user: User, sent: SentMessage): unknown {
  const { id, to, device, message, status, at } = sent
  const { type, content, around } = readContent(proto.Message.decode(message), readerOf(world, user, user))
  return { id, to: isCircleJid(to) ? to : `+${to}`, device, type, [type]: content, ...around, status, at }
}

function linked(outcome: LinkOutcome): unknown {
  if (outcome.kind === 'failed') throw new AdminError(409, outcome.reason)
  const { number, device, jid } = outcome.linked
  return { number: `+${number}`, device, jid }
}
