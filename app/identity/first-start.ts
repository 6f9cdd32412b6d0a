import { argon2Sync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'
import { apiKeyHash, newApiKey } from './issue-api-key.ts'
import { issueClient } from './pki/issue.ts'

/**
 * Of the numbers OWASP names for argon2id those with the least memory (KiB): the edge reads them from the hash, and
 * whoever is in an allowed network can have as many passwords hashed at once as it likes.
 */
const ARGON2 = { memory: 7_168, passes: 5, parallelism: 1, tagLength: 32 } as const
const SALT_BYTES = 16
const PASSWORD_BYTES = 18
const WEBHOOK_SECRET_BYTES = 32
const SECRET_MODE = 0o400

/** The sandbox's only client. */
const DEMO = 'demo'

/** What people and programs use in the sandbox: the other halves of the secrets that its policies refer to. */
export type DemoFiles = {
  readonly cert: string
  readonly key: string
  readonly apiKey: string
  readonly password: string
}

/** An argon2id hash in PHC form, as Caddy's basic auth takes it. Costs 7 MiB and some 50 ms. */
export function hashPassword(password: string): string {
  const nonce = randomBytes(SALT_BYTES)
  const { memory, passes, parallelism } = ARGON2
  const tag = argon2Sync('argon2id', { message: password, nonce, ...ARGON2 })
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(nonce)}$${unpadded(tag)}`
}

/**
 * Makes the file `secret:<name>` with the hash of a new password, when there is none, and returns that password: it is
 * stored nowhere, so the caller must show it. Undefined when the file was there already.
 */
export function ensureBasicPassword(config: Pick<Config, 'secretsDir'>, name: string): string | undefined {
  const file = join(config.secretsDir, name)
  if (existsSync(file)) return undefined
  const password = randomBytes(PASSWORD_BYTES).toString('base64url')
  privateFolder(config.secretsDir)
  replaceFile(file, `${hashPassword(password)}\n`, SECRET_MODE)
  return password
}

/**
 * Makes every secret that the sandbox's policies refer to, except the receiver's CA, which the receiver makes: the
 * webhook secret, certificate and API key of `demo`, and the dashboard's password. What a person or a program needs to
 * use them goes to `demoFolder`. What is there stays.
 */
export async function ensureSandboxSecrets(
  config: Config,
  demoFolder: string,
  now: Date,
): Promise<DemoFiles> {
  privateFolder(config.secretsDir)
  privateFolder(demoFolder)
  const own = (file: string) => join(demoFolder, `${DEMO}.${file}`)
  const files: DemoFiles = {
    cert: own('pem'),
    key: own('key'),
    apiKey: own('api-key'),
    password: own('password'),
  }
  ensureFile(join(config.secretsDir, 'sandbox-webhook'), () => {
    return `whsec_${randomBytes(WEBHOOK_SECRET_BYTES).toString('base64')}`
  })
  const apiKey = ensureFile(files.apiKey, newApiKey)
  ensureApiKeyHash(config, apiKey)
  ensureDemoPassword(config, files.password)
  const issued = await issueClient(config, { name: DEMO, now })
  replaceFile(files.cert, readFileSync(issued.files.cert), 0o600)
  replaceFile(files.key, readFileSync(issued.files.key), SECRET_MODE)
  return files
}

/** The file `sandbox-key-demo`; written anew when the key beside it was lost and made again. */
function ensureApiKeyHash(config: Config, apiKey: string): void {
  const file = join(config.secretsDir, 'sandbox-key-demo')
  const hash = apiKeyHash(apiKey)
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() !== hash)
    replaceFile(file, `${hash}\n`, SECRET_MODE)
}

/** The sandbox's password is kept in clear: it opens nothing real, and whoever tries the dashboard needs it. */
function ensureDemoPassword(config: Config, file: string): void {
  const hash = join(config.secretsDir, 'sandbox-basic')
  if (existsSync(file) && existsSync(hash)) return
  const password = ensureFile(file, () => randomBytes(PASSWORD_BYTES).toString('base64url'))
  replaceFile(hash, `${hashPassword(password)}\n`, SECRET_MODE)
}

/** The text of a file, made by `make` when it is missing. */
function ensureFile(path: string, make: () => string): string {
  if (!existsSync(path)) replaceFile(path, `${make()}\n`, SECRET_MODE)
  return readFileSync(path, 'utf8').trim()
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
