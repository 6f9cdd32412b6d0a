import { proto } from '@whiskeysockets/baileys'
import type { NextVersion, StateRecord } from '../../store/mail/collections.ts'
import type { Held } from './held.ts'
import { changeHash } from './lt-hash.ts'
import { patchMacOf, snapshotMacOf } from './macs.ts'
import {
  type Mutation,
  type NamedKey,
  type OpenedMutation,
  type Outline,
  openMutation,
  outlineOf,
  sealMutation,
} from './mutation.ts'

/** A mutation and the key that it is encrypted with. */
export type KeyedMutation = { readonly mutation: Mutation; readonly key: NamedKey }

/** The patch that leads from what the phone holds to the next version. */
export function writePatch(held: Held, mutations: readonly KeyedMutation[]): Uint8Array {
  const { id, macs } = held.newest
  const version = { name: held.name, version: held.version + 1 }
  const sealed = mutations.map(({ mutation, key }) => sealMutation(mutation, key))
  const outlines = sealed.map(outlineOf)
  const snapshotMac = snapshotMacOf(macs, hashAfter(held, outlines), version)
  const valueMacs = outlines.map(({ valueMac }) => valueMac)
  return proto.SyncdPatch.encode({
    mutations: sealed,
    snapshotMac,
    patchMac: patchMacOf(macs, { snapshotMac, valueMacs }, version),
    keyId: { id },
    deviceIndex: 0,
  }).finish()
}

/** What a patch comes to, or a sentence about the first thing that is wrong with it. */
export function readPatch(held: Held, bytes: Uint8Array): NextVersion | string {
  const patch = proto.SyncdPatch.decode(bytes)
  const keys = held.find(patch.keyId?.id ?? new Uint8Array(0))?.macs
  if (keys === undefined) return 'it is made with a key that the phone never made'
  const version = { name: held.name, version: held.version + 1 }
  const sealed = patch.mutations ?? []
  const snapshotMac = patch.snapshotMac ?? new Uint8Array(0)
  const valueMacs = sealed.map(each => outlineOf(each).valueMac)
  if (!patchMacOf(keys, { snapshotMac, valueMacs }, version).equals(patch.patchMac ?? new Uint8Array(0))) {
    return 'its MAC is wrong'
  }
  const mutations: OpenedMutation[] = []
  for (const each of sealed) {
    const opened = openMutation(each, held.find)
    if (typeof opened === 'string') return opened
    mutations.push(opened)
  }
  const hash = hashAfter(held, mutations)
  if (!snapshotMacOf(keys, hash, version).equals(snapshotMac)) {
    return 'the MAC of what it leads to is wrong: it was made for another state than the one in force'
  }
  const numbered = proto.SyncdPatch.encode({ ...patch, version: { version: version.version } }).finish()
  return { hash, patch: numbered, ...outcome(mutations) }
}

/** Mutations count in their order: a later one may be about the same index. */
function hashAfter(held: Held, mutations: readonly Outline[]): Buffer {
  const inForce = new Map<string, Buffer | undefined>()
  const added: Buffer[] = []
  const taken: Buffer[] = []
  for (const { operation, indexMac, valueMac } of mutations) {
    const name = indexMac.toString('base64')
    const before = inForce.has(name) ? inForce.get(name) : held.valueMacAt(indexMac)
    if (before !== undefined) taken.push(before)
    if (operation === 'set') added.push(valueMac)
    inForce.set(name, operation === 'set' ? valueMac : undefined)
  }
  return changeHash(held.hash, { added, taken })
}

function outcome(mutations: readonly OpenedMutation[]): Pick<NextVersion, 'set' | 'removed'> {
  const set = new Map<string, StateRecord>()
  const removed = new Map<string, Uint8Array>()
  for (const { operation, indexMac, sealed, index, action } of mutations) {
    const name = indexMac.toString('base64')
    set.delete(name)
    removed.delete(name)
    if (operation === 'set') set.set(name, { indexMac, sealed, index, action })
    else removed.set(name, indexMac)
  }
  return { set: [...set.values()], removed: [...removed.values()] }
}
