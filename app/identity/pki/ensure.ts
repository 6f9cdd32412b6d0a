import { ensureAuthority, ensureEncryptedKey, type PkiFolders } from './authority.ts'
import { ensureHopEnd } from './hop.ts'

/**
 * Makes what is missing of the internal CA, the client CA and both ends of the hop between Caddy and the app, and
 * names what it made. Existing keys stay. Throws PosternError `pki.incomplete`, `pki.no_authority` or `pki.passphrase`.
 */
export async function ensurePki(folders: PkiFolders, now: Date): Promise<readonly string[]> {
  const made: string[] = []
  if (await ensureAuthority(folders, 'internal', now)) made.push('internal CA')
  if (await ensureAuthority(folders, 'client', now)) made.push('client CA')
  if (ensureEncryptedKey(folders)) made.push('passphrase on the key of the client CA')
  return [...made, ...(await renewHop(folders, now))]
}

/** Makes both ends of the hop anew that are missing or about to expire, and names what it made. Throws PosternError `pki.no_authority`. */
export async function renewHop(folders: PkiFolders, now: Date): Promise<readonly string[]> {
  const made: string[] = []
  if (await ensureHopEnd(folders, 'app', now)) made.push('server certificate of the app')
  if (await ensureHopEnd(folders, 'proxy', now)) made.push('client certificate of the proxy')
  return made
}
