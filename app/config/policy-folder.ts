import { realpathSync, statSync } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PosternError, reasonOf } from '../lib/error.ts'
import { replaceFile } from '../lib/replace-file.ts'
import { type PolicyFile, policyText } from '../model/policy-file.ts'

const MAX_FILES = 2_000

/**
 * All `*.yaml` and `*.yml` files below `dir`, sorted by name. Names that begin with a dot are passed over, links are
 * followed (mounted folders are links to `..data/…`), each folder once. Throws `policy.folder` and `policy.file`.
 */
export async function readPolicyFolder(dir: string): Promise<readonly PolicyFile[]> {
  const names = await listFolder(dir, '', new Set())
  if (names.length > MAX_FILES) {
    throw new PosternError(
      'policy.folder',
      `more than ${MAX_FILES} policy files in ${dir}: is it the right folder?`,
    )
  }
  const files = await Promise.all(names.map(name => readPolicyFile(dir, name)))
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Gives a file of the folder another text and keeps its mode. A link stays a link: what it leads to is written. */
export function rewritePolicyFile(dir: string, { name, text }: PolicyFile): void {
  const path = realpathSync(join(dir, name))
  replaceFile(path, text, statSync(path).mode & 0o777)
}

async function listFolder(dir: string, under: string, seen: Set<string>): Promise<readonly string[]> {
  const folder = join(dir, under)
  const real = await realpath(folder).catch((cause: unknown) => noFolder(folder, cause))
  if (seen.has(real)) return []
  seen.add(real)
  const entries = await readdir(folder).catch((cause: unknown) => noFolder(folder, cause))
  const found: string[] = []
  for (const entry of entries.filter(name => !name.startsWith('.')).sort()) {
    const name = under === '' ? entry : `${under}/${entry}`
    const what = await stat(join(dir, name)).catch((cause: unknown) => noFile(name, cause))
    if (what.isDirectory()) found.push(...(await listFolder(dir, name, seen)))
    else if (what.isFile() && /\.ya?ml$/.test(entry)) found.push(name)
  }
  return found
}

async function readPolicyFile(dir: string, name: string): Promise<PolicyFile> {
  const bytes = await readFile(join(dir, name)).catch((cause: unknown) => noFile(name, cause))
  return { name, text: policyText(bytes) }
}

function noFolder(folder: string, cause: unknown): never {
  const why = isMissing(cause) ? 'there is no policy folder' : 'cannot read the policy folder'
  const remedy = 'run ./postern init, or name another with --policies DIR or POSTERN_POLICIES'
  throw new PosternError('policy.folder', `${why} ${folder}: ${remedy}`, { cause })
}

function noFile(name: string, cause: unknown): never {
  throw new PosternError('policy.file', `cannot read the policy file ${name}: ${reasonOf(cause)}`, { cause })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
