import { X509Certificate } from 'node:crypto'
import { createServerCertificate, type ServerCertificate } from '../../../sandbox/receiver-certificate.ts'
import type { Meta } from '../../store/meta.ts'

/** The media host's certificate with its key, and the CA that a client has to trust, all PEM. */
export type MediaCertificate = ServerCertificate

const KEPT = 'media-certificate'
/** What a client that knows no other calls the media host. */
const DEFAULT_NAME = 'mmg.whatsapp.net'
const LOCAL = ['localhost', '127.0.0.1', '::1', DEFAULT_NAME]

/** The certificate for these names, made once and kept, so that who trusts its CA goes on after a restart. */
export async function mediaCertificate(meta: Meta, now: Date, name: string): Promise<MediaCertificate> {
  const kept = meta.get(KEPT) as MediaCertificate | undefined
  if (kept !== undefined && covers(kept, now, name)) return kept
  const made = await createServerCertificate([...new Set([...LOCAL, name])], 'Postern simulator media host')
  meta.put(KEPT, made)
  return made
}

function covers({ cert }: MediaCertificate, now: Date, name: string): boolean {
  const parsed = new X509Certificate(cert)
  const isFresh = parsed.validToDate.getTime() > now.getTime()
  const names = [DEFAULT_NAME, ...(LOCAL.includes(name) ? [] : [name])]
  return isFresh && names.every(each => parsed.checkHost(each) !== undefined)
}
