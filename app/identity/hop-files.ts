import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PosternError, reasonOf } from '../lib/error.ts'
import { readAuthorities } from './certificate.ts'

/** The app's end of the hop, PEM: its server certificate with the key, and the CA that Caddy's must come from. */
export type HopTls = { readonly cert: string; readonly key: string; readonly ca: string }

/** Both ends of the hop as they were when they were last taken up, whatever their files hold now. */
export type HopFiles = {
  current(): HopTls
  /** Calls `listener` whenever others are taken up. */
  onChange(listener: () => void): void
  /** Reads the files anew and answers what puts them in force; until then nothing changes. Throws PosternError `config.pki`. */
  read(): () => void
  /** Whether the files hold others than those in force, whole and fitting together. */
  areNewer(): boolean
}

type Read = HopTls & { readonly proxy: string }

/** Throws PosternError `config.pki` when a file is missing or certificate and key do not belong together. */
export function createHopFiles(secretsDir: string): HopFiles {
  let inForce = readAll(secretsDir)
  const listeners: (() => void)[] = []
  return {
    current: () => inForce,
    onChange: listener => void listeners.push(listener),
    read() {
      const next = readAll(secretsDir)
      return () => {
        const differs = !isSame(next, inForce)
        inForce = next
        if (differs) for (const listener of listeners) listener()
      }
    },
    areNewer() {
      try {
        return !isSame(readAll(secretsDir), inForce)
      } catch {
        return false // just being written
      }
    },
  }
}

/** Caddy's end is read as well, where it can be and without its key, to see that it is another. */
function readAll(secretsDir: string): Read {
  const pem = (name: string) => readPem(secretsDir, name)
  const proxyFile = join(secretsDir, 'proxy.pem')
  const read = {
    cert: pem('app.pem'),
    key: pem('app.key'),
    ca: pem('internal-ca.pem'),
    proxy: existsSync(proxyFile) ? pem('proxy.pem') : '',
  }
  try {
    const fits = new X509Certificate(read.cert).checkPrivateKey(createPrivateKey(read.key))
    if (fits && readAuthorities(read.ca).length > 0) return read
  } catch (cause) {
    throw unusable(secretsDir, reasonOf(cause), cause)
  }
  throw unusable(
    secretsDir,
    'app.pem and app.key do not belong together, or internal-ca.pem holds no certificate',
  )
}

function isSame(one: Read, other: Read): boolean {
  return (['cert', 'key', 'ca', 'proxy'] as const).every(name => one[name] === other[name])
}

function readPem(secretsDir: string, name: string): string {
  try {
    return readFileSync(join(secretsDir, name), 'utf8')
  } catch (cause) {
    throw unusable(secretsDir, `${name} cannot be read`, cause)
  }
}

function unusable(secretsDir: string, reason: string, cause?: unknown): PosternError {
  return new PosternError('config.pki', `${secretsDir}: ${reason}: run ./postern init`, { cause })
}
