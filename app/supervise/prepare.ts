import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { readMasterKey } from '../config/master-key.ts'
import { ensureSandboxSecrets } from '../identity/first-start.ts'
import { ensurePki } from '../identity/pki/ensure.ts'
import { PosternError } from '../lib/error.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'
import { storeExists } from '../store/open.ts'
import type { Proof } from './ask.ts'
import { prepareEdge } from './edge.ts'
import { findCaddy } from './find-caddy.ts'
import { policyToStart } from './policy-to-start.ts'
import { receiverCaFile, sandboxFolder } from './sandbox.ts'

/** Everything checked and in place, and nothing started yet. */
export type Prepared = { readonly snapshot: PolicySnapshot; readonly caddy: string; readonly hopProof: Proof }

/**
 * Finds Caddy, sees to certificates and secrets, checks the policies and has Caddy check the edge they render to.
 * Throws PosternError `edge.no_caddy`, `config.pki`, `policy.rejected` or `edge.rejected`.
 */
export async function prepare(config: Config, searchPath: string): Promise<Prepared> {
  const caddy = await findCaddy(config, searchPath)
  await ensureKeys(config)
  const snapshot = await policyToStart(config)
  await prepareEdge({ config, caddy }, snapshot)
  return { snapshot, caddy, hopProof: readHopProof(config) }
}

/** The sandbox makes what it lacks; a real start only renews, because `init` is where a person keeps keys safe. */
async function ensureKeys(config: Config): Promise<void> {
  if (!config.sandbox && !existsSync(join(config.secretsDir, 'internal-ca.pem'))) {
    throw new PosternError('config.pki', `no certificates in ${config.secretsDir}: run ./postern init first`)
  }
  await ensurePki(config, new Date())
  ensureMasterKey(config)
  if (!config.sandbox) return
  await ensureSandboxSecrets(config, join(sandboxFolder(config), 'clients'), new Date())
  const receiver = join(config.root, 'test', 'sandbox', 'receiver.ts')
  const state = join(sandboxFolder(config), 'receiver')
  execFileSync(process.execPath, ['--no-warnings', receiver, '--prepare', '--state', state])
  copyFileSync(receiverCaFile(config), join(config.secretsDir, 'sandbox-receiver-ca.pem'))
}

/** The app may not write to the secrets folder, so that the key of a first start is made here. */
function ensureMasterKey(config: Config): void {
  const { created, warning } = readMasterKey(config, storeExists(config.dataDir))
  if (warning !== undefined) console.error(`postern: ${warning}`)
  if (!created || config.sandbox) return
  console.error(
    `postern: made the master key ${config.masterKeyFile}: keep a copy on another machine, without it the store cannot be read`,
  )
}

function readHopProof(config: Config): Proof {
  const read = (name: string) => readFileSync(join(config.secretsDir, name), 'utf8')
  return { ca: read('internal-ca.pem'), cert: read('proxy.pem'), key: read('proxy.key') }
}
