import type { World } from '../../store/world.ts'
import { type MediaKind, sha256 } from './file.ts'

/** What the host shows of where it put a file. */
export type StoredPath = { readonly directPath: string; readonly hash: string }

const FOLDERS: Readonly<Record<string, string>> = {
  image: 't62.7118-24',
  video: 't62.7161-24',
  audio: 't62.7117-24',
  document: 't62.7119-24',
  sticker: 't62.15575-24',
  'md-msg-hist': 't62.40060-24',
  'md-app-state': 't62.40059-24',
}
const OTHER_FOLDER = 't62.7118-24'
const LIFE_MS = 14 * 24 * 60 * 60 * 1_000

type Upload = {
  readonly kind: MediaKind | string
  readonly bytes: Uint8Array
  /** The number of the account that it comes from or goes to, without `+`. */
  readonly account: string
}

/** Puts an encrypted file on the media host, under a path that nobody had before. */
export function storeFile({ media, random, now }: World, { kind, bytes, account }: Upload): StoredPath {
  const dice = random.of(`files ${account}`)
  const hash = sha256(bytes).toString('base64url')
  const name = `${dice.bytes(6).readUIntBE(0, 6)}_${dice.bytes(6).readUIntBE(0, 6)}_n.enc`
  const path = `/v/${FOLDERS[kind] ?? OTHER_FOLDER}/${name}`
  media.put(path, { hash, bytes, account })
  const expiry = Math.floor((now().getTime() + LIFE_MS) / 1000).toString(16)
  return { directPath: `${path}?ccb=11-4&oh=${dice.hex(8)}&oe=${expiry}&_nc_sid=5e03e0`, hash }
}

/** The part of a direct path that finds the file; undefined when it is none. */
export function pathOf(directPath: string): string | undefined {
  return /^(\/v\/[\w.-]+\/[\w.-]+)(\?.*)?$/.exec(directPath)?.[1]
}
