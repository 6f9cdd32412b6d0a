/** Where a secret lies: a file in the secrets folder, or a file by its whole path. Policies hold only these. */
export type SecretRef =
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }

const NAMED = /^secret:([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/
const BY_PATH = /^file:(\/[^\0]{1,1000})$/

/** Reads `secret:NAME` or `file:/absolute/path`; undefined when it is neither. A name never leaves the secrets folder. */
export function parseSecretRef(text: string): SecretRef | undefined {
  const name = NAMED.exec(text)?.[1]
  if (name !== undefined) return { kind: 'secret', name }
  const path = BY_PATH.exec(text)?.[1]
  return path === undefined || path.split('/').includes('..') ? undefined : { kind: 'file', path }
}
