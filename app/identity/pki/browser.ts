import { createHash, createHmac, randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from '../../lib/replace-file.ts'
import { KEY_MODE } from './authority.ts'
import type { CertificateAndKey } from './certificate.ts'
import { bmpString, integer, nothing, octets, oid, sequence, setOf, tagged, utf16 } from './der.ts'
import { clientFiles } from './issue.ts'
import { encryptedKey } from './private-key.ts'

/** A file that browsers import, and the password that they ask for then: kept nowhere, so the caller must show it. */
export type BrowserFile = { readonly file: string; readonly password: string }

const PASSWORD_BYTES = 18
/** The password is random: nothing is gained by making each guess dearer. */
const ITERATIONS = 2_048
const SALT_BYTES = 16
const PKCS12_VERSION = 3
/** Of SHA-256: what it takes at a time, and the purpose of a key that RFC 7292 counts as its third. */
const BLOCK_BYTES = 64
const FOR_MAC = 3
const DATA = '1.2.840.113549.1.7.1'
const KEY_BAG = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const FRIENDLY_NAME = '1.2.840.113549.1.9.20'
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21'
const SHA256 = '2.16.840.1.101.3.4.2.1'

/** Writes the certificate and the key that a client has to `NAME.p12` beside them, under a new password. */
export function writeForBrowser(pkiDir: string, name: string): BrowserFile {
  const { cert, key } = clientFiles(pkiDir, name)
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  const password = randomBytes(PASSWORD_BYTES).toString('base64url')
  const file = join(pkiDir, 'clients', `${name}.p12`)
  replaceFile(file, toPkcs12(pair, { name, password }), KEY_MODE)
  return { file, password }
}

/** Both as PKCS #12 (RFC 7292), DER. The key is encrypted, all of it is authenticated; the certificate is no secret. */
export function toPkcs12(
  { cert, key }: CertificateAndKey,
  { name, password }: { readonly name: string; readonly password: string },
): Buffer {
  const { raw } = new X509Certificate(cert)
  const attributes = attributesOf(raw, name)
  const contents = sequence(
    bag(KEY_BAG, encryptedKey(key, { password, iterations: ITERATIONS }), attributes),
    bag(CERTIFICATE_BAG, sequence(oid(X509_CERTIFICATE), tagged(octets(raw))), attributes),
  )
  const safe = sequence(inData(contents))
  return sequence(integer(PKCS12_VERSION), inData(safe), macOf(safe, password))
}

function bag(kind: string, content: Uint8Array, attributes: Uint8Array): Buffer {
  return sequence(oid(kind), tagged(content), attributes)
}

function inData(content: Uint8Array): Buffer {
  return sequence(oid(DATA), tagged(octets(content)))
}

/** The name that lists of certificates show, and what tells which key belongs to which certificate. */
function attributesOf(certificate: Uint8Array, name: string): Buffer {
  const id = createHash('sha256').update(certificate).digest()
  return setOf(
    sequence(oid(FRIENDLY_NAME), setOf(bmpString(`Postern ${name}`))),
    sequence(oid(LOCAL_KEY_ID), setOf(octets(id))),
  )
}

function macOf(content: Uint8Array, password: string): Buffer {
  const salt = randomBytes(SALT_BYTES)
  const mac = createHmac('sha256', macKey(password, salt)).update(content).digest()
  const digest = sequence(sequence(oid(SHA256), nothing()), octets(mac))
  return sequence(digest, octets(salt), integer(ITERATIONS))
}

/** RFC 7292, appendix B.2, for a key as long as the hash. */
function macKey(password: string, salt: Buffer): Buffer {
  const purpose = Buffer.alloc(BLOCK_BYTES, FOR_MAC)
  const begin = Buffer.concat([purpose, inBlocks(salt), inBlocks(utf16(`${password}\0`))])
  let key = createHash('sha256').update(begin).digest()
  for (let n = 1; n < ITERATIONS; n++) key = createHash('sha256').update(key).digest()
  return key
}

/** Over and over, until the last block is full. */
function inBlocks(bytes: Buffer): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES, bytes)
}
