import type { Guardrail, PolicySnapshot } from '../../snapshot.ts'
import { amount, door, scale, TIGHTENS, WIDENS } from '../field.ts'
import { once, type Rows, section } from '../section.ts'

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

const reloadRows: Rows<PolicySnapshot['reload']> = {
  mode: [scale('reload.mode', ({ mode }) => mode, { ...WIDENS, words: ['apply', 'watch'] })],
}

/** A folder that comes into force by itself is changed by whoever can write to it. */
export const reload = once({
  kind: 'PolicySet',
  noun: 'reload',
  read: snapshot => snapshot.reload,
  rows: reloadRows,
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
