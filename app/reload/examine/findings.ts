import type { policyFacts } from '../../config/policy-facts.ts'

type Facts = ReturnType<typeof policyFacts>

/** What was asked of the installation while files were examined, and what it said; plain, so that it can be asked again. */
export type Finding = {
  readonly about: 'secret' | 'key' | 'signature'
  readonly ref: string
  readonly said: string | undefined
}

/** The same facts, and the list of what they were asked, which grows with each question. */
export function witnessed(facts: Facts): { readonly facts: Facts; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const said = <Said extends string | undefined>(finding: Finding & { readonly said: Said }): Said => {
    findings.push(finding)
    return finding.said
  }
  return {
    findings,
    facts: {
      secretState: ref => said({ about: 'secret', ref, said: facts.secretState(ref) }),
      signature: {
        get text() {
          return said({ about: 'signature', ref: '', said: facts.signature.text })
        },
        keysOf: ref => said({ about: 'key', ref, said: facts.signature.keysOf(ref) }),
      },
    },
  }
}

/** Whether the installation would say the same again. */
export function stillFound(findings: readonly Finding[], facts: Facts): boolean {
  return findings.every(({ about, ref, said }) => answer(facts, about, ref) === said)
}

function answer(facts: Facts, about: Finding['about'], ref: string): string | undefined {
  switch (about) {
    case 'secret':
      return facts.secretState(ref)
    case 'key':
      return facts.signature.keysOf(ref)
    case 'signature':
      return facts.signature.text
  }
}
