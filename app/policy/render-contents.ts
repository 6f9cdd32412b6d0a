import { secretPath } from './render-site.ts'

/**
 * Comment lines for the end of a part: the hex SHA-256 of what the app has read in each file beside the policy, by reference.
 * `proxy/entry.sh` compares them with those of its own files. None of these files can be guessed from its digest: they are
 * certificates, private keys, and salted hashes of passwords. Throws PosternError `edge.reference`.
 */
export function renderContents(digests: ReadonlyMap<string, string>): string {
  const lines = [...digests].map(([ref, digest]) => {
    secretPath(ref) // refuses what would not end with the comment
    return `# sha256 ${digest} ${ref}\n`
  })
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}
