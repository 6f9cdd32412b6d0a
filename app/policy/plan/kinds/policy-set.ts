import type { Guardrail, PolicySnapshot, ReloadRules } from '../../snapshot.ts'
import { amount, door, names, scale, TIGHTENS, WIDENS } from '../field.ts'
import { once, type Rows, section } from '../section.ts'
import { durationWords } from '../words.ts'

const testRows: Rows<PolicySnapshot['tests']> = {
  requireAll: [
    scale('tests.require', set => (set.requireAll ? 'pass' : 'report'), {
      ...TIGHTENS,
      words: ['report', 'pass'],
    }),
  ],
  minRuleCoverage: [amount('tests.minRuleCoverage', set => set.minRuleCoverage, TIGHTENS)],
}

/** What a set asks of its own tests. To ask less is WIDER. */
export const tests = once({
  kind: 'PolicySet',
  noun: 'tests',
  read: snapshot => snapshot.tests,
  rows: testRows,
})

const signingRows: Rows<PolicySnapshot['signing']> = {
  isRequired: [
    scale('signing.require', ({ isRequired }) => String(isRequired), {
      ...TIGHTENS,
      words: ['false', 'true'],
    }),
  ],
  keyRefs: [
    names('signing.keys', ({ isRequired, keyRefs }) => (isRequired ? keyRefs : undefined), {
      ...WIDENS,
      absent: 'anybody',
    }),
  ],
}

/** Who may bring a policy into force by signing it. */
export const signing = once({
  kind: 'PolicySet',
  noun: 'signing',
  read: snapshot => snapshot.signing,
  rows: signingRows,
})

const NO_PROBATION = 'none'

const reloadRows: Rows<ReloadRules> = {
  mode: [scale('reload.mode', ({ mode }) => mode, { ...WIDENS, words: ['apply', 'watch'] })],
  probationMs: [
    {
      ...amount('reload.probation', ({ probationMs }: ReloadRules) => probationMs ?? 0, TIGHTENS),
      text: ({ probationMs }) => (probationMs === undefined ? NO_PROBATION : durationWords(probationMs)),
    },
  ],
}

/** A folder that comes into force by itself is changed by whoever can write to it. */
export const reload = once({
  kind: 'PolicySet',
  noun: 'reload',
  read: snapshot => snapshot.reload,
  rows: reloadRows,
})

const badPolicyRows: Rows<Pick<PolicySnapshot, 'onBadPolicyAtBoot'>> = {
  onBadPolicyAtBoot: [
    scale('onBadPolicyAtBoot', set => set.onBadPolicyAtBoot, {
      ...WIDENS,
      words: ['refuse', 'last-known-good'],
    }),
  ],
}

/** To go on with an older policy is to run where nothing would. */
export const badPolicyAtBoot = once({
  kind: 'PolicySet',
  noun: 'start',
  read: ({ onBadPolicyAtBoot }) => ({ onBadPolicyAtBoot }),
  rows: badPolicyRows,
})

const guardrailRows: Rows<Guardrail> = {
  id: [],
  on: [door('on', ({ on }) => on)],
  deny: [door('deny', ({ deny }) => deny)],
  unlessTag: [door('unlessTag', ({ unlessTag }) => unlessTag)],
}

export const guardrails = section({
  kind: 'PolicySet',
  noun: 'guardrail',
  all: snapshot => snapshot.guardrails,
  rows: guardrailRows,
  added: () => ['TIGHTER'],
  removed: () => ['WIDER'],
})
