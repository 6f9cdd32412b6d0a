import { signatureValid } from '../../noise/signature.ts'
import { userAt } from '../../phones/receiving/incoming.ts'
import { bundleContent, takeBundle } from '../../phones/signal/bundle.ts'
import type { PublicSignedPreKey } from '../../store/people/devices.ts'
import { parseAddress } from '../../wire/address.ts'
import {
  bigEndian,
  bytesOf,
  child,
  children,
  numberOf,
  type Stanza,
  seconds,
  stanza,
} from '../../wire/stanza.ts'
import type { Network } from '../network.ts'
import { recordViolation } from '../violations.ts'
import { BAD_REQUEST, type IqContext, type IqOutcome, type IqTable, result } from './table.ts'

const KEY_BYTES = 32

/** Signal keys: what devices upload, and the bundles that others take from it. */
export const encryptIqs: IqTable = {
  'encrypt get count': ({ network, user, device }) =>
    result(stanza('count', { value: String(network.world.preKeys.count(user.number, device.id)) })),
  'encrypt get digest': ({ network, user, device }) => {
    const known = network.world.devices.get(user.number, device.id) ?? device
    return result(stanza('digest', {}, [stanza('registration', {}, bigEndian(known.registrationId, 4))]))
  },
  'encrypt set registration': upload,
  'encrypt set rotate': context => rotate(context, child(context.request, 'skey')),
  'encrypt get key': giveBundles,
}

function upload(context: IqContext): IqOutcome {
  const { network, iq, user, device } = context
  const registrationId = numberOf(iq, 'registration')
  const identity = bytesOf(iq, 'identity')
  const keys = children(child(iq, 'list'), 'key').map(key => ({
    id: numberOf(key, 'id'),
    key: bytesOf(key, 'value'),
  }))
  const complete = keys.flatMap(({ id, key }) =>
    id === undefined || key?.length !== KEY_BYTES ? [] : [{ id, key }],
  )
  if (registrationId === undefined || complete.length === 0 || complete.length < keys.length)
    return BAD_REQUEST
  if (!identity?.equals(device.identity)) {
    return refuse(context, 'the uploaded identity is not the one that was linked')
  }
  const rotated = rotate(context, child(iq, 'skey'))
  if (rotated.kind === 'result') network.world.preKeys.add(user.number, device.id, complete)
  return rotated
}

function rotate(context: IqContext, skey: Stanza | undefined): IqOutcome {
  const { network, user, device } = context
  const signedPreKey = readSignedPreKey(skey)
  if (signedPreKey === undefined) return BAD_REQUEST
  const signed = Buffer.concat([Buffer.from([5]), signedPreKey.key])
  if (!signatureValid(device.identity, signed, signedPreKey.signature)) {
    return refuse(context, `the signature of signed prekey ${signedPreKey.id} is not its identity's`)
  }
  const known = network.world.devices.get(user.number, device.id)
  if (known !== undefined) network.world.devices.change(known, { signedPreKey })
  return result()
}

/** The parts of a `skey`; undefined unless it is complete. */
export function readSignedPreKey(skey: Stanza | undefined): PublicSignedPreKey | undefined {
  const id = numberOf(skey, 'id')
  const key = bytesOf(skey, 'value')
  const signature = bytesOf(skey, 'signature')
  if (id === undefined || key?.length !== KEY_BYTES || signature === undefined) return undefined
  return { id, key, signature }
}

function refuse({ network, user }: IqContext, detail: string): IqOutcome {
  recordViolation(network.world, { kind: 'bad-signature', account: user.number, detail })
  return BAD_REQUEST
}

async function giveBundles({ network, request }: IqContext): Promise<IqOutcome> {
  const users: Stanza[] = []
  for (const asked of children(request, 'user')) users.push(await bundleFor(network, asked.attrs.jid ?? ''))
  await network.world.db.committed()
  return users.length === 0 ? BAD_REQUEST : result(stanza('list', {}, users))
}

async function bundleFor({ world, delivery }: Network, jid: string): Promise<Stanza> {
  const outlet = { world, enqueue: delivery.enqueue.bind(delivery) }
  const address = parseAddress(jid)
  const owner = userAt(world, address)
  const bundle = owner && (await takeBundle(outlet, owner, address?.device ?? 0))
  if (owner === undefined || address === undefined || bundle === undefined) {
    return stanza('user', { jid }, [stanza('error', { code: '404', text: 'item-not-found' })])
  }
  const registration = stanza('registration', {}, bigEndian(bundle.registrationId, 4))
  return stanza('user', { jid, t: seconds(world.now()) }, [registration, ...bundleContent(bundle)])
}
