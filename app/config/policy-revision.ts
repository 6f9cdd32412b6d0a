import { spawn } from 'node:child_process'
import { PosternError } from '../lib/error.ts'
import { type PolicyFile, policyText } from '../model/policy-file.ts'

type Blob = { readonly name: string; readonly id: string }

const LINK = '120000'
/** What git tells its hooks, in paths from where they run, and would take from us for those of the folder. */
const OF_A_HOOK: ReadonlySet<string> = new Set(['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'])

/**
 * The policy files that a folder held at a revision of the Git repository that it lies in, named as `readPolicyFolder` names
 * them. Nothing is checked out. Throws `policy.git` with what to do.
 */
export async function readPolicyRevision(dir: string, revision: string): Promise<readonly PolicyFile[]> {
  const commit = await commitOf(dir, revision)
  const listing = await git(dir, ['ls-tree', '-r', '-z', commit, '.'])
  const blobs = listing.toString('utf8').split('\0').filter(isPolicyFile).map(blobOf)
  if (blobs.length === 0) {
    throw new PosternError('policy.git', `the revision ${revision} holds no policy files in ${dir}`)
  }
  const contents = await git(dir, ['cat-file', '--batch'], `${blobs.map(({ id }) => id).join('\n')}\n`)
  return textsOf(blobs, contents).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function commitOf(dir: string, revision: string): Promise<string> {
  await git(dir, ['rev-parse', '--show-prefix']) // tells apart a folder outside of Git and a revision that is not there
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]
  const found = await git(dir, args).catch((cause: unknown) => {
    throw new PosternError('policy.git', `there is no revision ${revision} in the repository of ${dir}`, {
      cause,
    })
  })
  return found.toString('utf8').trim()
}

/** Lines of `ls-tree -z`: mode, type, id, a tab, the name as seen from the folder. */
function isPolicyFile(line: string): boolean {
  const name = line.slice(line.indexOf('\t') + 1)
  return /\.ya?ml$/.test(name) && !name.split('/').some(part => part.startsWith('.'))
}

function blobOf(line: string): Blob {
  const [about = '', name = ''] = line.split('\t', 2)
  const [mode, , id = ''] = about.split(' ')
  if (mode === LINK) {
    const remedy = 'compare with a folder that it is checked out in: --against DIR'
    throw new PosternError('policy.git', `${name} is a link, which is not followed within Git: ${remedy}`)
  }
  return { name, id }
}

/** Reads the answers of `cat-file --batch`: a line that ends with the size, then so many bytes and a line feed. */
function textsOf(blobs: readonly Blob[], contents: Buffer): readonly PolicyFile[] {
  let at = 0
  return blobs.map(({ name }) => {
    const end = contents.indexOf('\n', at)
    const size = Number(contents.toString('utf8', at, end).split(' ').at(-1))
    const bytes = contents.subarray(end + 1, end + 1 + size)
    at = end + 1 + size + 1
    return { name, text: policyText(bytes) }
  })
}

/** What git writes; throws with its own words when it fails. */
async function git(dir: string, args: readonly string[], input = ''): Promise<Buffer> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_A_HOOK.has(name)))
  const child = spawn('git', ['-C', dir, ...args], { stdio: 'pipe', env })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => {}) // it ended early, and says why on its own
  child.on('error', reject)
  child.on('close', resolve)
  child.stdin.end(input)
  const code = await promise.catch((cause: unknown) => noGit(cause))
  if (code === 0) return Buffer.concat(out)
  const said = Buffer.concat(err).toString('utf8').trim().split('\n')[0] ?? ''
  throw new PosternError('policy.git', `git cannot read ${dir}: ${said.replace(/^fatal: /, '')}`)
}

function noGit(cause: unknown): never {
  const remedy = 'install it, or compare with a folder: --against DIR'
  throw new PosternError('policy.git', `comparing with a revision needs the command git: ${remedy}`, {
    cause,
  })
}
