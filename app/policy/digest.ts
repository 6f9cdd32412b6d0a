import { createHash } from 'node:crypto'
import type { PolicyFile } from '../model/policy-file.ts'

/** `sha256:<hex>` over names and contents; each with its length, so that no two folders can look alike. */
export function policyDigest(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256')
  for (const { name, text } of files.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(name)}:${name}${Buffer.byteLength(text)}:`).update(text)
  }
  return `sha256:${hash.digest('hex')}`
}
