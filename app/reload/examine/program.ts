import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** Where everything lies that an examination runs. */
export const EXAMINING = ['config', 'lib', 'model', 'policy', 'reload']

/** What says which libraries are installed: npm's own list is more exact, and not there wherever they came from elsewhere. */
const LIBRARIES = ['package.json', 'node_modules/.package-lock.json']

const ROOT = join(import.meta.dirname, '..', '..', '..')

/**
 * A digest of all that an examination comes from beside what is examined: our own code and schemas, the libraries, and Node with
 * its time zones. Of the contents, for images and archives are built with one date for all files.
 */
export function programDigest(root: string = ROOT): string {
  const hash = createHash('sha256').update(JSON.stringify(process.versions))
  for (const path of [...LIBRARIES.map(name => join(root, name)), ...sourcesIn(join(root, 'app'))]) {
    if (!existsSync(path)) continue
    const bytes = readFileSync(path)
    hash.update(`${relative(root, path)} ${bytes.length}\n`).update(bytes)
  }
  return hash.digest('hex')
}

function sourcesIn(app: string): readonly string[] {
  const entries = EXAMINING.flatMap(folder =>
    readdirSync(join(app, folder), { recursive: true, withFileTypes: true }),
  )
  return entries
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
}
