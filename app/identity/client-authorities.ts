import type { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { PosternError, reasonOf } from '../lib/error.ts'
import { readAuthorities } from './certificate.ts'

/** The CAs whose client certificates count: those that the file held when it was last taken up, whatever it holds now. */
export type ClientAuthorities = {
  current(): readonly X509Certificate[]
  /** Reads the file anew and answers what puts it in force; until then nothing changes. Throws PosternError `config.pki`. */
  read(): () => void
}

/** Throws PosternError `config.pki` when the file cannot be used. */
export function createClientAuthorities(file: string): ClientAuthorities {
  let current = authoritiesIn(file)
  return {
    current: () => current,
    read() {
      const next = authoritiesIn(file)
      return () => {
        current = next
      }
    },
  }
}

function authoritiesIn(file: string): readonly X509Certificate[] {
  let found: readonly X509Certificate[]
  try {
    found = readAuthorities(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new PosternError('config.pki', `${file} cannot be read: ${reasonOf(cause)}: run ./postern init`, {
      cause,
    })
  }
  if (found.length > 0) return found
  throw new PosternError('config.pki', `${file} holds no certificate: run ./postern init`)
}
