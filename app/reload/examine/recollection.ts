import { createHmac, hkdfSync } from 'node:crypto'
import type { Secret } from '../../lib/secret.ts'
import type { PolicyFacts } from '../../policy/load.ts'
import type { Store } from '../../store/store.ts'
import type { Manner } from './examine.ts'
import { answer, type Finding } from './findings.ts'
import { programDigest } from './program.ts'

/** What a good examination leaves behind for the next start, which then reads and compiles alone: a quarter of the work. */
export type Recollection = {
  /** Whether this program found files of this digest good, and the installation still says all that it said to them. */
  recalls(looked: Looked, facts: PolicyFacts): Promise<boolean>
  /** In the place of what was remembered before. */
  remember(looked: Looked, findings: readonly Finding[]): Promise<void>
}

type Looked = { readonly digest: string; readonly of: Manner['of'] }
type Question = Omit<Finding, 'said'>

export type RecollectionDeps = {
  readonly meta: Pick<Store['meta'], 'get' | 'set'>
  readonly masterKey: Secret
  /** Another program may judge otherwise. */
  readonly program?: () => string
}

const NAME = 'policy.examined'

/**
 * Kept is what was asked of the installation, to be asked again, under a seal over that, the answers, the files and the program.
 * A seal, for it lies in clear: who writes to the disk and cannot read the master key could else have his own files let pass.
 */
export function createRecollection(deps: RecollectionDeps): Recollection {
  const { meta, masterKey, program = programDigest } = deps
  const key = Buffer.from(hkdfSync('sha256', masterKey.reveal(), '', 'postern examined policies', 32))

  function sealed({ digest, of }: Looked, findings: readonly Finding[]): string {
    const told = findings.map(({ about, ref, said }) => [about, ref, said ?? null])
    const all = JSON.stringify([program(), digest, of ?? null, told])
    const seal = createHmac('sha256', key).update(all).digest('hex')
    return [seal, ...findings.map(({ about, ref }) => `${about} ${ref}`)].join('\n')
  }

  return {
    async recalls(looked, facts) {
      const kept = await meta.get(NAME)
      if (kept === undefined) return false
      const [, ...asked] = kept.split('\n')
      const findings = asked.map(question).map(one => ({ ...one, said: answer(facts, one) }))
      return sealed(looked, findings) === kept // nobody can try again and again and time it: a start looks once
    },
    remember: (looked, findings) => meta.set(NAME, sealed(looked, findings)),
  }
}

function question(line: string): Question {
  const end = line.indexOf(' ')
  return { about: line.slice(0, end) as Question['about'], ref: line.slice(end + 1) } // a false one breaks the seal
}
