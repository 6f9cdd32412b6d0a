import { type DeviceKeys, enrol } from '../network/linking/enrol.ts'
import { signatureValid } from '../noise/signature.ts'
import { jidOf } from '../wire/address.ts'
import { AdminError, readBody } from './body.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const KEY_BYTES = 32

/** Linking without QR, code or second connection, for who needs linked devices by the hundred. */
export const enrolmentRoutes: AdminRoutes = { 'POST /phones/{number}/enrol': enrolDevice }

async function enrolDevice(request: AdminRequest): Promise<unknown> {
  const { network, body } = request
  const user = phoneOf(request)
  const { device, identity } = enrol(network, user, readKeys(body))
  await network.world.db.committed()
  return {
    device: device.id,
    jid: jidOf(user, 'pn', device.id),
    lid: jidOf(user, 'lid', device.id),
    device_identity: Buffer.from(identity).toString('base64'),
  }
}

/** The keys in a body. Throws an AdminError about what no device would have. */
function readKeys(body: unknown): DeviceKeys {
  const shape = { noise_key: 'base64', identity: 'base64', registration_id: 'number' } as const
  const asked = readBody(body, { ...shape, signed_prekey: 'any', prekeys: 'any' })
  const { id, key, signature } = readBody(asked.signed_prekey, {
    ...{ id: 'number', key: 'base64', signature: 'base64' },
  } as const)
  const identity = keyOf(asked.identity)
  const signedPreKey = { id, key: keyOf(key), signature: Buffer.from(signature, 'base64') }
  const signed = Buffer.concat([Buffer.from([5]), signedPreKey.key])
  if (!signatureValid(identity, signed, signedPreKey.signature)) {
    throw new AdminError(400, '`signed_prekey` is not signed by `identity`')
  }
  if (!Array.isArray(asked.prekeys)) throw new AdminError(400, '`prekeys` must be a list')
  const preKeys = asked.prekeys.map(each => {
    const preKey = readBody(each, { id: 'number', key: 'base64' })
    return { id: preKey.id, key: keyOf(preKey.key) }
  })
  return {
    registrationId: asked.registration_id,
    noiseKey: keyOf(asked.noise_key),
    identity,
    signedPreKey,
    preKeys,
  }
}

function keyOf(text: string): Buffer {
  const key = Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) throw new AdminError(400, 'a key must be 32 bytes in base64')
  return key
}
