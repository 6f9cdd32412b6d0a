import { userAt } from '../../phones/receiving/incoming.ts'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { jidOf, parseAddress, SERVER } from '../../wire/address.ts'
import { bytesOf, child, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from './table.ts'

/** What is asked about a user. Gives undefined where WhatsApp leaves the answer out. */
type Protocol = (world: World, user: User | undefined, asked: Stanza) => Stanza | undefined

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  contact: (_world, user) => stanza('contact', { type: user === undefined ? 'out' : 'in' }),
  lid: (_world, user, asked) =>
    user === undefined || asked.attrs.jid?.endsWith('@lid')
      ? undefined
      : stanza('lid', { val: jidOf(user, 'lid') }),
  devices: (world, user) => (user === undefined ? undefined : deviceList(world, user)),
  status: (world, user) => (user === undefined ? undefined : aboutOf(world, user)),
  disappearing_mode: (world, user) =>
    user === undefined
      ? undefined
      : stanza('disappearing_mode', {
          duration: String(world.profiles.of(user.number).disappearing),
          t: '0',
        }),
}

/** The directory: who is on WhatsApp, under which LID, with which devices. */
export const usyncIqs: IqTable = { 'usync get usync': answer }

function answer({ network, request }: IqContext): IqOutcome {
  const protocols = children(child(request, 'query')).map(({ tag }) => tag)
  if (protocols.length === 0) return BAD_REQUEST
  const users = children(child(request, 'list'), 'user').map(asked => about(network.world, asked, protocols))
  const heard = protocols.map(protocol => stanza(protocol))
  return result(
    stanza('usync', { ...request?.attrs }, [stanza('result', {}, heard), stanza('list', {}, users)]),
  )
}

function about(world: World, asked: Stanza, protocols: readonly string[]): Stanza {
  const phone = bytesOf(asked, 'contact')?.toString().replace(/\D/g, '')
  const jid = asked.attrs.jid ?? (phone ? `${phone}${SERVER}` : undefined)
  const user = userAt(world, parseAddress(jid))
  const known = protocols.map(protocol => PROTOCOLS[protocol]?.(world, user, asked))
  return stanza(
    'user',
    { jid },
    known.filter(part => part !== undefined),
  )
}

function deviceList(world: World, { number }: User): Stanza {
  const companions = world.devices
    .ofUser(number)
    .map(({ id, keyIndex }) => stanza('device', { id: String(id), 'key-index': String(keyIndex) }))
  return stanza('devices', {}, [stanza('device-list', {}, [stanza('device', { id: '0' }), ...companions])])
}

function aboutOf(world: World, { number }: User): Stanza {
  const { about, aboutAt, privacy } = world.profiles.of(number)
  if (privacy.status === 'none') return stanza('status', { code: '401' })
  return stanza('status', { t: String(aboutAt) }, Buffer.from(about))
}
