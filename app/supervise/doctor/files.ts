import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { storeExists } from '../../store/open.ts'
import { type Found, fileAt, filesBelow, isOpenToAll, isPublic } from './access.ts'
import { forShell, orWell, type Verdict } from './verdict.ts'

export type Places = Pick<
  Config,
  'root' | 'dataDir' | 'policiesDir' | 'secretsDir' | 'pkiDir' | 'masterKeyFile' | 'pkiPassphraseFile'
>

const READ_OR_WRITE = 0o066
const WRITE = 0o022
const WRITE_BY_ALL = 0o002
const ANYTHING = 0o077

/** Who gets at the secrets, the data and the policies. Changes nothing. */
export function examineFiles(places: Places): readonly Verdict[] {
  const { secretsDir, dataDir } = places
  if (!existsSync(secretsDir) && !existsSync(dataDir)) {
    const detail = `nothing was set up here yet: there is neither ${secretsDir} nor ${dataDir}`
    return [{ check: 'secrets', verdict: 'warn', detail, remedy: './postern init' }]
  }
  return [...secrets(places), ...data(places), ...policies(places)]
}

function secrets(places: Places): readonly Verdict[] {
  const { secretsDir, pkiDir, masterKeyFile, pkiPassphraseFile, dataDir } = places
  const inFolders = [...filesBelow(secretsDir), ...filesBelow(pkiDir)]
  const elsewhere = [...fileAt(masterKeyFile), ...fileAt(pkiPassphraseFile)]
  const all = [...new Map([...inFolders, ...elsewhere].map(file => [file.path, file])).values()]
  const isMissing = !existsSync(masterKeyFile) && storeExists(dataDir)
  const missing: Verdict = {
    check: 'secrets',
    verdict: 'fail',
    detail: `there is a store, but not its master key ${masterKeyFile}: nobody can read it`,
    remedy: 'put the key back from your copy, or name it with POSTERN_MASTER_KEY_FILE',
  }
  const findings = [...(isMissing ? [missing] : []), ...openSecrets(all), ...foreign(inFolders, places)]
  return orWell(findings, 'secrets', `${secretsDir} and ${pkiDir} are for their owner alone`)
}

/** What others may do is a failure when they can, and a warning while a folder or a group stands in between. */
function openSecrets(files: readonly Found[]): readonly Verdict[] {
  const open = files
    .map(file => ({ file, bits: bitsToSpare(file) }))
    .filter(({ file, bits }) => (file.mode & bits) !== 0)
  const isFolderToSee = (file: Found) => file.isFolder && (file.mode & WRITE_BY_ALL) === 0
  const toAll = open
    .filter(({ file, bits }) => isOpenToAll(file, bits) && !isFolderToSee(file))
    .map(({ file }) => file)
  const toSome = open.map(({ file }) => file).filter(file => !toAll.includes(file))
  const tell = (verdict: 'warn' | 'fail', what: string, these: readonly Found[]): readonly Verdict[] => {
    if (these.length === 0) return []
    const detail = `${what}: ${these.map(described).join(', ')}`
    return [{ check: 'secrets', verdict, detail, remedy: `chmod go-rwx ${pathsOf(these)}` }]
  }
  return [
    ...tell('fail', 'every user of this machine gets at secrets', toAll),
    ...tell('warn', 'the mode of secrets is wider than their owner', toSome),
  ]
}

/** What nobody but its owner needs of it. */
function bitsToSpare(file: Found): number {
  if (file.isFolder) return ANYTHING
  return isPublic(file) ? WRITE : READ_OR_WRITE
}

/** Containers and units read with the rights of one user: a file of mode 0400 that belongs to another is none to them. */
function foreign(files: readonly Found[], { root, secretsDir }: Places): readonly Verdict[] {
  const owner = ownerOf(root, secretsDir)
  const others = files.filter(({ uid }) => uid !== owner)
  if (owner === undefined || others.length === 0) return []
  const detail = `user ${owner} runs the appliance, but others own: ${others.map(({ path, uid }) => `${path} (${uid})`).join(', ')}`
  return [{ check: 'secrets', verdict: 'fail', detail, remedy: `chown ${owner} ${pathsOf(others)}` }]
}

function data({ root, dataDir, secretsDir }: Places): readonly Verdict[] {
  const [folder] = fileAt(dataDir)
  if (folder === undefined) return [] // the first start makes it
  const findings: Verdict[] = []
  if ((folder.mode & ANYTHING) !== 0) {
    const verdict = isOpenToAll(folder, ANYTHING) ? 'fail' : 'warn'
    const detail = `others may enter the data folder: ${described(folder)}`
    findings.push({ check: 'data', verdict, detail, remedy: `chmod 0700 ${forShell([dataDir])}` })
  }
  const owner = ownerOf(root, secretsDir)
  if (owner !== undefined && owner !== 0 && folder.uid !== owner) {
    const detail = `user ${owner} runs the appliance, but ${folder.uid} owns the data folder ${dataDir}`
    const remedy = `chown -R ${owner} ${forShell([dataDir])}`
    findings.push({ check: 'data', verdict: 'fail', detail, remedy })
  }
  return orWell(findings, 'data', `${dataDir} is for its owner alone`)
}

/** Whoever writes the policies decides everything. That a group may, as in a shared checkout, is its owner's business. */
function policies({ policiesDir }: Places): readonly Verdict[] {
  if (!existsSync(policiesDir)) return []
  const open = filesBelow(policiesDir).filter(file => isOpenToAll(file, WRITE_BY_ALL))
  const detail = `every user of this machine may write policies: ${open.map(described).join(', ')}`
  const remedy = `chmod o-w ${pathsOf(open)}`
  const findings: Verdict[] =
    open.length === 0 ? [] : [{ check: 'policies', verdict: 'fail', detail, remedy }]
  return orWell(findings, 'policies', `only their owner and group write ${policiesDir}`)
}

/** The user of the compose file where its folders are looked at, else who owns the secrets; 0 for units, which are handed them. */
function ownerOf(root: string, secretsDir: string): number | undefined {
  const environment = join(root, '.env')
  if (secretsDir === join(root, 'secrets') && existsSync(environment)) {
    const uid = /^POSTERN_UID=(\d+)$/m.exec(readFileSync(environment, 'utf8'))?.[1]
    if (uid !== undefined) return Number(uid)
  }
  return existsSync(secretsDir) ? statSync(secretsDir).uid : undefined
}

function described({ path, mode }: Found): string {
  return `${path} (${mode.toString(8).padStart(4, '0')})`
}

function pathsOf(files: readonly Found[]): string {
  return forShell(files.map(({ path }) => path))
}
