import { putInForce } from '../../phones/app-state/change.ts'
import { type CollectionName, heldBy, isCollection } from '../../phones/app-state/held.ts'
import { readPatch } from '../../phones/app-state/patch.ts'
import { uploadSnapshot } from '../../phones/app-state/snapshot.ts'
import { bytesOf, children, type Stanza, stanza } from '../../wire/stanza.ts'
import { spoiltPatch } from '../faults/wrong-mac.ts'
import { recordViolation } from '../violations.ts'
import { type IqContext, type IqTable, result } from './table.ts'

/** How many patches one answer holds; whoever misses more asks again. */
const PATCHES_PER_ANSWER = 50

/**
 * The app state: the server keeps patches in order and cannot read them. What a correct client would never send, the
 * account's phone finds: every MAC of a patch is checked before it takes effect.
 */
export const appStateIqs: IqTable = {
  'w:sync:app:state set sync': async context => {
    const answers = children(context.request, 'collection').map(asked => answer(context, asked))
    await context.network.world.db.committed()
    return result(stanza('sync', {}, answers))
  },
}

function answer(context: IqContext, asked: Stanza): Stanza {
  const { name } = asked.attrs
  if (!isCollection(name)) return failure(context, asked, `there is no collection ${name}`)
  const patch = bytesOf(asked, 'patch')
  return patch === undefined ? give(context, asked, name) : take(context, asked, { name, patch })
}

type Upload = { readonly name: CollectionName; readonly patch: Buffer }

/** A patch takes effect when it leads on from the version in force and everything about it is right. */
function take(context: IqContext, asked: Stanza, { name, patch }: Upload): Stanza {
  const { network, user, device } = context
  const { world, delivery } = network
  const version = world.collections.version(user.number, name)
  if (Number(asked.attrs.version) !== version) {
    const error = stanza('error', { code: '409', text: 'conflict' })
    return stanza('collection', { name, type: 'error', version: String(version) }, [
      error,
      ...missed(context, name, Number(asked.attrs.version)).content,
    ])
  }
  const next = readPatch(heldBy(world, user, name), patch)
  if (typeof next === 'string') return failure(context, asked, `a patch for ${name}: ${next}`)
  const outlet = { world, enqueue: delivery.enqueue.bind(delivery) }
  return stanza('collection', {
    name,
    version: String(putInForce(outlet, user, { name, next, by: device.id })),
  })
}

/** A snapshot for who asks for one and can fetch it; what it has missed for everybody else. */
function give(context: IqContext, asked: Stanza, name: CollectionName): Stanza {
  const { network, user } = context
  const { collections, profiles } = network.world
  const version = collections.version(user.number, name)
  const isFetchable = profiles.of(user.number).blobs === 'external'
  if (asked.attrs.return_snapshot === 'true' && isFetchable && version > 0) {
    const reference = uploadSnapshot(network.world, user, name)
    return stanza('collection', { name, version: String(version) }, [
      stanza('snapshot', {}, Buffer.from(reference)),
    ])
  }
  const { content, reached, hasMore } = missed(context, name, Number(asked.attrs.version ?? 0))
  const more = hasMore ? 'true' : undefined
  return stanza('collection', { name, version: String(reached), has_more_patches: more }, [...content])
}

type Missed = { readonly content: readonly Stanza[]; readonly reached: number; readonly hasMore: boolean }

function missed({ network, user }: IqContext, name: CollectionName, version: number): Missed {
  const { world, faults } = network
  const { collections } = world
  const found = collections.after(user.number, name, { version, limit: PATCHES_PER_ANSWER })
  const patches = found.map(each => {
    const fault = faults.fires('wrong-mac', user.number)
    const bytes = fault === undefined ? each : spoiltPatch(each, fault.mac ?? 'patch')
    return stanza('patch', {}, Buffer.from(bytes))
  })
  const reached = found.length === 0 ? collections.version(user.number, name) : version + found.length
  return {
    content: patches.length === 0 ? [] : [stanza('patches', {}, patches)],
    reached,
    hasMore: reached < collections.version(user.number, name),
  }
}

function failure({ network, user }: IqContext, { attrs }: Stanza, detail: string): Stanza {
  recordViolation(network.world, { kind: 'bad-app-state', account: user.number, detail })
  const error = stanza('error', { code: '400', text: 'bad-request' })
  return stanza('collection', { name: attrs.name, type: 'error' }, [error])
}
