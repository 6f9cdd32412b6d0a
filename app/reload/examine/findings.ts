import type { PolicyFacts } from '../../policy/load.ts'

/** What was asked of the installation while files were examined, and what it said; plain, so that it can be asked again. */
export type Finding = {
  readonly about: 'secret' | 'key' | 'signature'
  readonly ref: string
  readonly said: string | undefined
}

/** The same facts, and the list of what they were asked, which grows with each question. */
export function witnessed(facts: PolicyFacts): {
  readonly facts: PolicyFacts
  readonly findings: readonly Finding[]
} {
  const findings: Finding[] = []
  const said = <Said extends string | undefined>(finding: Finding & { readonly said: Said }): Said => {
    findings.push(finding)
    return finding.said
  }
  const { signature } = facts
  const secretState: PolicyFacts['secretState'] = ref =>
    said({ about: 'secret', ref, said: facts.secretState(ref) })
  if (signature === undefined || signature === 'unchecked')
    return { findings, facts: { ...facts, secretState } }
  return {
    findings,
    facts: {
      ...facts,
      secretState,
      signature: {
        get text() {
          return said({ about: 'signature', ref: '', said: signature.text })
        },
        keysOf: ref => said({ about: 'key', ref, said: signature.keysOf(ref) }),
      },
    },
  }
}

/** Whether the installation would say the same again. */
export function stillFound(findings: readonly Finding[], facts: PolicyFacts): boolean {
  return findings.every(finding => answer(facts, finding) === finding.said)
}

/** What the installation says to it today. */
export function answer(
  { secretState, signature }: PolicyFacts,
  { about, ref }: Omit<Finding, 'said'>,
): string | undefined {
  if (about === 'secret') return secretState(ref)
  if (signature === undefined || signature === 'unchecked') return undefined
  return about === 'key' ? signature.keysOf(ref) : signature.text
}
