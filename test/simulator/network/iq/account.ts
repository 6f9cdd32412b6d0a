import { parseAddress } from '../../wire/address.ts'
import { stanza } from '../../wire/stanza.ts'
import { unlink } from '../linking/unlink.ts'
import { goActive } from '../login.ts'
import { BAD_REQUEST, type IqTable, result } from './table.ts'

/** What a client asks about itself: that it is alive, active, which properties and settings hold. */
export const accountIqs: IqTable = {
  'w:p get ping': () => result(),
  'passive set active': async ({ network, client, iq }) => {
    client.answer(iq)
    await goActive(network, client)
    return { kind: 'answered' }
  },
  'passive set passive': () => result(),
  'abt get props': () => result(stanza('props', { hash: 'sim', refresh: '86400', protocol: '1' }, [])),
  'privacy set tokens': () => result(stanza('tokens', {}, [])),
  'urn:xmpp:whatsapp:dirty set clean': () => result(),
  'w:stats set add': () => result(),
  'md set remove-companion-device': ({ network, client, iq, user, request }) => {
    const address = parseAddress(request?.attrs.jid)
    const device = address === undefined ? undefined : network.world.devices.get(user.number, address.device)
    if (address?.user !== user.number || device === undefined) return BAD_REQUEST
    client.answer(iq)
    unlink(network, device)
    return { kind: 'answered' }
  },
}
