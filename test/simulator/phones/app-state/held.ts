import { proto } from '@whiskeysockets/baileys'
import type { User } from '../../store/people/users.ts'
import type { World } from '../../store/world.ts'
import { EMPTY_HASH } from './lt-hash.ts'
import { expandStateKey } from './macs.ts'
import { type NamedKey, valueMacFrom } from './mutation.ts'

/** What an account's devices share, in five parts. */
export const COLLECTIONS = [
  'critical_block',
  'critical_unblock_low',
  'regular_high',
  'regular_low',
  'regular',
] as const
export type CollectionName = (typeof COLLECTIONS)[number]

/** A collection as the phone holds it, and the keys to it. */
export type Held = {
  readonly name: string
  readonly version: number
  readonly hash: Buffer
  /** What new patches are encrypted with. */
  readonly newest: NamedKey
  find(id: Uint8Array): NamedKey | undefined
  /** The MAC of the value that is in force for an index. */
  valueMacAt(indexMac: Uint8Array): Buffer | undefined
}

export function isCollection(name: string | undefined): name is CollectionName {
  return (COLLECTIONS as readonly (string | undefined)[]).includes(name)
}

export function heldBy(world: World, { number }: User, name: CollectionName): Held {
  const { collections, stateKeys, now } = world
  const keys = stateKeys.list(number, now()).map(({ id, key }) => ({ id, macs: expandStateKey(key) }))
  const newest = keys.at(-1)
  if (newest === undefined) throw new Error('an account always has an app state key')
  return {
    name,
    version: collections.version(number, name),
    hash: collections.hash(number, name) ?? EMPTY_HASH,
    newest,
    find: id => keys.find(key => key.id.equals(id)),
    valueMacAt(indexMac) {
      const record = collections.record(number, name, indexMac)
      return record === undefined
        ? undefined
        : valueMacFrom(proto.SyncdRecord.decode(record.sealed).value?.blob ?? new Uint8Array(0))
    },
  }
}
