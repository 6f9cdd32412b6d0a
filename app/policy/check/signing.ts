import type { PolicyFile } from '../../model/policy-file.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf, type Fault } from '../shape/fault.ts'
import { isSigned, manifestOf, publicKeys } from '../sign/signature.ts'
import type { PolicyFacts } from './references.ts'

const PATH = ['spec', 'signing']
const PLACE = { path: [...PATH, 'require'], at: 'value' } as const
const HINT = 'review the files, then run ./postern policy sign --key FILE'

/** Tells when the set asks to be signed and is not. Where no signature is given to judge by, there is none. */
export function checkSigning(
  shapes: readonly Shape[],
  files: readonly PolicyFile[],
  { signature }: PolicyFacts,
): readonly Diagnostic[] {
  if (signature === 'unchecked') return []
  return shapes.flatMap(({ document, failed }): readonly Diagnostic[] => {
    const { value, kind } = document
    const spec = isRecord(value) && isRecord(value.spec) ? value.spec : {}
    const signing = isRecord(spec.signing) ? spec.signing : {}
    const { require: isRequired, keys } = signing
    const isAsked = kind === 'PolicySet' && isRequired === true && Array.isArray(keys) // else told by its schema
    if (!isAsked || failed.some(path => isUnder(path, PATH))) return []
    const fault = faultOf(keys as readonly string[], manifestOf(files), signature)
    return fault === undefined ? [] : [diagnosticOf(document, fault)]
  })
}

function faultOf(
  refs: readonly string[],
  manifest: string,
  signature: Exclude<PolicyFacts['signature'], 'unchecked'>,
): Fault | undefined {
  const found = refs.map(ref => signature?.keysOf(ref)) // one that is not there is told as a missing secret
  const keys = found.map(pem => (pem === undefined ? [] : publicKeys(pem)))
  const faulty = keys.indexOf(undefined)
  if (faulty >= 0) {
    const message = `${refs[faulty]} holds no ed25519 public keys in PEM`
    return { code: 'PS-6003', path: [...PATH, 'keys', faulty], at: 'value', message }
  }
  const { text } = signature ?? {}
  if (text === undefined) {
    return {
      code: 'PS-6001',
      ...PLACE,
      message: 'these files must be signed, and there is no policy.sig',
      hint: HINT,
    }
  }
  if (
    isSigned(
      manifest,
      text,
      keys.flatMap(some => some ?? []),
    )
  )
    return undefined
  const message = 'policy.sig is not by one of the keys, or not of these files'
  return { code: 'PS-6002', ...PLACE, message, hint: HINT }
}
