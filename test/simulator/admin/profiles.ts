import { block } from '../network/contacts/blocking.ts'
import { changeNumber } from '../network/contacts/number-change.ts'
import { pictureFault, setPicture } from '../network/contacts/pictures.ts'
import { pathOf } from '../phones/media/paths.ts'
import type { User } from '../store/people/users.ts'
import type { World } from '../store/world.ts'
import { AdminError, readBody, readNumber } from './body.ts'
import { userOf } from './destination.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

/** What people show of themselves, whom they shut out, and what their phones notice of others. */
export const profileRoutes: AdminRoutes = {
  'GET /phones/{number}/profile': request => showProfile(request.network.world, phoneOf(request)),
  'PATCH /phones/{number}/profile': changeProfile,
  'POST /phones/{number}/presence': request => {
    const { available } = readBody(request.body, { available: 'boolean' })
    request.network.presences.set(phoneOf(request), available)
    return { available }
  },
  'POST /phones/{number}/block': changeBlocked,
  'POST /phones/{number}/change-number': async request => {
    const { world } = request.network
    const to = readNumber(readBody(request.body, { to: 'string' }).to, 'to')
    const user = phoneOf(request)
    if (world.users.get(to) !== undefined) throw new AdminError(409, `+${to} belongs to somebody`)
    return showProfile(world, await changeNumber(request.network, user, to))
  },
  'GET /phones/{number}/signs': request => ({
    data: request.network.presences.noticedBy(phoneOf(request).number),
  }),
}

async function changeProfile(request: AdminRequest): Promise<unknown> {
  const { network, body } = request
  const { world } = network
  const user = phoneOf(request)
  const { about, picture, privacy } = readBody(body, { about: 'string?', picture: 'any?', privacy: 'any?' })
  if (about !== undefined) {
    world.profiles.change(user.number, { about, aboutAt: Math.floor(world.now().getTime() / 1000) })
  }
  if (privacy !== undefined) changePrivacy(world, user, privacy)
  if (picture !== undefined) {
    const bytes = picture === null ? undefined : Buffer.from(String(picture), 'base64')
    const fault = bytes && pictureFault(bytes)
    if (fault !== undefined) throw new AdminError(400, `\`picture\`: ${fault}, in base64, or null`)
    setPicture(network, user, { owner: { user }, bytes })
  }
  await world.db.committed()
  return showProfile(world, user)
}

function changePrivacy(world: World, { number }: User, asked: unknown): void {
  const { privacy } = world.profiles.of(number)
  const changes = Object.entries(Object(asked)).map(([name, value]) => {
    if (!(name in privacy)) {
      throw new AdminError(400, `\`privacy\` knows ${Object.keys(privacy).join(', ')}, not ${name}`)
    }
    return [name, String(value)] as const
  })
  world.profiles.change(number, { privacy: { ...privacy, ...Object.fromEntries(changes) } })
}

async function changeBlocked(request: AdminRequest): Promise<unknown> {
  const { network } = request
  const { number, on } = readBody(request.body, { number: 'string', on: 'boolean?' })
  const user = phoneOf(request)
  block(network, user, { who: userOf(network.world, number, 'number'), on: on ?? true })
  await network.world.db.committed()
  return showProfile(network.world, user)
}

function showProfile(world: World, { number, lid, name }: User): unknown {
  const { about, privacy, disappearing, blocked } = world.profiles.of(number)
  const picture = world.media.get(pathOf(world.pictures.of(number)?.directPath ?? '') ?? '')?.bytes
  return {
    ...{ number: `+${number}`, lid, name, about, privacy, disappearing },
    blocked: blocked.map(each => `+${each}`),
    picture: picture === undefined ? null : picture.toString('base64'),
  }
}
