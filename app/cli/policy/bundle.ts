import { createPrivateKey, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { readPolicyFolder } from '../../config/policy-folder.ts'
import { PosternError, reasonOf } from '../../lib/error.ts'
import { replaceFile } from '../../lib/replace-file.ts'
import { type PolicyFile, SIGNATURE_FILE, wrongByteIn } from '../../model/policy-file.ts'
import { archive, unarchive } from '../../policy/sign/archive.ts'
import { isSigned, manifestOf, publicKeys, signManifest } from '../../policy/sign/signature.ts'
import { CHECK_FAILED, type Configure, SIGNATURE_FAILED, USAGE } from './read.ts'

type Flags = { readonly policies?: string }

const MANIFEST_FILE = 'manifest.sha256'
const FOLDER = 'policies/'
const FILE_MODE = 0o644

/** A set as it lies in a folder or a bundle, with the signature beside it. */
type SignedSet = {
  readonly files: readonly PolicyFile[]
  readonly signatures: string
  readonly manifest?: string
}

/** `postern policy bundle`, `sign` and `verify`. */
export function bundleCommands(configure: Configure): readonly Command[] {
  const folderOf = ({ policies }: Flags) => configure(policies === undefined ? {} : { policies }).policiesDir
  return [
    new Command('bundle')
      .description('write all policy files, a manifest of their hashes and their signature into one archive')
      .requiredOption('-o, --out <file>', 'the archive (tar); the same files give the same bytes')
      .option('--policies <dir>', 'policy folder (default: policies/)')
      .addHelpText('after', '\nExample:\n  ./postern policy bundle -o policies.tar\n')
      .action(async (flags: Flags & { readonly out: string }) => {
        process.exitCode = await orFault(() => bundle(folderOf(flags), flags.out))
      }),
    new Command('sign')
      .description(`sign the hashes of all policy files; the signature is ${SIGNATURE_FILE} beside them`)
      .requiredOption('--key <file>', 'an ed25519 private key (PEM)')
      .option('--policies <dir>', 'policy folder (default: policies/)')
      .addHelpText('after', '\nExample:\n  ./postern policy sign --key ana.key\n')
      .action(async (flags: Flags & { readonly key: string }) => {
        process.exitCode = await orFault(() => signFolder(folderOf(flags), flags.key))
      }),
    new Command('verify')
      .description('check the signature of a bundle or a folder; exit 0, or 7 when it does not hold')
      .argument('<bundle-or-dir>')
      .requiredOption('--keys <files...>', 'ed25519 public keys (PEM), any of which may have signed')
      .addHelpText('after', '\nExample:\n  ./postern policy verify policies --keys signers.pem\n')
      .action(async (source: string, { keys }: { readonly keys: readonly string[] }) => {
        process.exitCode = await orFault(() => verify(source, keys))
      }),
  ]
}

async function bundle(folder: string, out: string): Promise<number> {
  const { files, signatures } = await setIn(folder)
  const named = [
    { name: MANIFEST_FILE, text: manifestOf(files) },
    ...files.map(({ name, text }) => ({ name: `${FOLDER}${name}`, text })),
    ...(signatures === '' ? [] : [{ name: `${FOLDER}${SIGNATURE_FILE}`, text: signatures }]),
  ]
  const bytes = archive(named.map(({ name, text }) => ({ name, content: Buffer.from(text) })))
  if (bytes === undefined) {
    console.error('postern: a policy file has a name too long for an archive (100 bytes with its folders)')
    return CHECK_FAILED
  }
  replaceFile(out, bytes, FILE_MODE)
  console.log(`${out}: ${files.length} files, ${signatures === '' ? 'not signed' : 'with their signature'}`)
  return 0
}

async function signFolder(folder: string, keyFile: string): Promise<number> {
  const key = privateKey(keyFile)
  if (key === undefined) {
    console.error(`postern: ${keyFile} is no ed25519 private key in PEM: openssl genpkey -algorithm ed25519`)
    return USAGE
  }
  const { files } = await setIn(folder)
  replaceFile(join(folder, SIGNATURE_FILE), signManifest(manifestOf(files), key), FILE_MODE)
  console.log(`Signed ${files.length} files: ${join(folder, SIGNATURE_FILE)}`)
  return 0
}

async function verify(source: string, keyFiles: readonly string[]): Promise<number> {
  const keys = keyFiles.map(file => publicKeys(readFileSync(file, 'utf8')))
  const faulty = keyFiles.filter((_, index) => keys[index] === undefined)
  if (faulty.length > 0) {
    console.error(`postern: expected ed25519 public keys in PEM, got ${faulty.join(', ')}`)
    return USAGE
  }
  const set = statSync(source).isDirectory() ? await setIn(source) : setOf(readFileSync(source))
  if (set === undefined) return unsound(`${source} is no bundle that ./postern policy bundle has written`)
  const manifest = manifestOf(set.files)
  if ((set.manifest ?? manifest) !== manifest) return unsound('the manifest does not fit the files')
  if (set.signatures === '') return unsound('there is no signature')
  const usable = keys.flatMap(found => found ?? [])
  if (!isSigned(manifest, set.signatures, usable)) {
    return unsound('the signature is not by one of the keys, or not of these files')
  }
  console.log(`The signature holds for ${set.files.length} files.`)
  return 0
}

function unsound(why: string): number {
  console.error(`postern: ${why}`)
  return SIGNATURE_FAILED
}

async function setIn(folder: string): Promise<SignedSet> {
  const path = join(folder, SIGNATURE_FILE)
  const files = await readPolicyFolder(folder)
  const odd = files.find(({ text }) => wrongByteIn(text) !== undefined)
  if (odd !== undefined)
    throw new PosternError('policy.file', `the policy file ${odd.name} is not UTF-8 text`)
  return {
    files,
    signatures: existsSync(path) ? readFileSync(path, 'utf8') : '',
  }
}

function setOf(bytes: Buffer): SignedSet | undefined {
  const entries = unarchive(bytes)?.map(({ name, content }) => ({
    name,
    text: Buffer.from(content).toString(),
    content,
  }))
  // What is no UTF-8 would be judged by another text than the bytes that somebody unpacks.
  if (entries?.some(({ text, content }) => !Buffer.from(text).equals(content))) return undefined
  const [manifest, ...others] = entries ?? []
  if (manifest?.name !== MANIFEST_FILE || others.some(({ name }) => !name.startsWith(FOLDER)))
    return undefined
  const inFolder = others.map(({ name, text }) => ({ name: name.slice(FOLDER.length), text }))
  return {
    manifest: manifest.text,
    files: inFolder.filter(({ name }) => name !== SIGNATURE_FILE),
    signatures: inFolder.find(({ name }) => name === SIGNATURE_FILE)?.text ?? '',
  }
}

function privateKey(file: string): KeyObject | undefined {
  const pem = readFileSync(file)
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'ed25519' ? key : undefined
  } catch {
    return undefined
  }
}

/** A folder or file that cannot be read is said in a line. */
async function orFault(run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof PosternError) && !(error instanceof Error && 'syscall' in error)) throw error
    console.error(`postern: ${reasonOf(error)}`)
    return CHECK_FAILED
  }
}
