import { scopeOf } from '../../limit/key.ts'
import type { Limit, Pacing } from '../../snapshot.ts'
import { amount, classesOf, type Field, names, scale, TIGHTENS, time, WIDENS } from '../field.ts'
import { BOTH, coversNames, relate } from '../relation.ts'
import { type Rows, section, stateOf } from '../section.ts'
import { durationWords, rateWords } from '../words.ts'

/** From what holds up least to what refuses most. */
const SEVERITY = ['queue', 'hold', 'reject', 'block']

const maxWait = time<Limit>('maxWait', limit => limit.maxWaitMs, WIDENS)
const blockFor: Field<Limit> = {
  ...time<Limit>('blockFor', limit => limit.blockForMs, { ...TIGHTENS, absent: 'none' }),
  shorter: (from, to) => (to.blockForMs ?? 0) < (from.blockForMs ?? 0), // nobody was shut out for ever before
}

const rows: Rows<Limit> = {
  name: [],
  key: [
    {
      ...names('key', ({ key }) => key, WIDENS),
      judge(from, to) {
        // More words are more buckets, each with the whole rate; but what is counted may become something else.
        const sameScope = scopeOf(from) === scopeOf(to)
        return classesOf(sameScope ? relate(from.key, to.key, coversNames) : BOTH, WIDENS)
      },
      state: 'Its counters begin anew: what was counted by the key before is forgotten.',
    },
  ],
  count: [
    {
      path: 'rate',
      text: rateWords,
      absent: 'none',
      key: ({ count, periodMs }) => String(count / periodMs),
      judge: (from, to) => [to.count / to.periodMs > from.count / from.periodMs ? 'WIDER' : 'TIGHTER'],
      state: 'Its counters are kept, and fill at the new rate from now on.',
    },
  ],
  periodMs: [], // of the rate
  burst: [
    {
      ...amount<Limit>('burst', ({ burst }) => burst, WIDENS),
      state: 'Its counters are kept, as far as the new burst holds them.',
    },
  ],
  onExceed: [
    {
      ...scale<Limit>('onExceed', ({ onExceed }) => onExceed, { ...TIGHTENS, words: SEVERITY }),
      state: 'Its counters are kept; what it holds or lets wait already stays there.',
    },
  ],
  maxWaitMs: [only('queue', maxWait)],
  blockForMs: [only('block', blockFor)],
  principals: [names('when.principals', ({ principals }) => principals, TIGHTENS)],
  firstContact: [
    {
      path: 'when.firstContact',
      absent: 'any',
      text: ({ firstContact }) => firstContact?.toString(),
      judge: (from, to) =>
        classesOf(
          relate<boolean>(from.firstContact, to.firstContact, (one, other) => one === other),
          TIGHTENS,
        ),
    },
  ],
}

const NEW = 'Its counters begin full: nothing that happened before counts.'
const GONE = 'Its counters are forgotten, blocks as well; what it holds waits for a person all the same.'

/** A new limit refuses what passed before. */
export const limits = section({
  kind: 'RateLimits',
  noun: 'limit',
  all: snapshot => snapshot.limits,
  rows,
  added: () => ['TIGHTER'],
  removed: () => ['WIDER'],
  stateOf: stateOf(NEW, GONE),
})

const pacingRows: Rows<Pacing> = {
  jitter: [
    {
      path: 'jitter',
      absent: 'none',
      text: ({ jitter }) => jitter && `${durationWords(jitter.minMs)}-${durationWords(jitter.maxMs)}`,
      judge(from, to) {
        const longer = middleOf(to) - middleOf(from)
        if (longer === 0) return ['WIDER', 'TIGHTER']
        return [longer > 0 ? 'TIGHTER' : 'WIDER']
      },
    },
  ],
  warmUp: [
    perDay('warmUp.start', ({ warmUp }) => warmUp?.start),
    amount('warmUp.growth', ({ warmUp }) => warmUp?.growth, WIDENS),
    perDay('warmUp.max', ({ warmUp }) => warmUp?.max),
  ],
}

/** To send faster is WIDER. */
export const pacing = section<Pacing>({
  kind: 'RateLimits',
  noun: 'pacing',
  all: snapshot => snapshot.pacing,
  rows: pacingRows,
  added: () => ['TIGHTER'],
  removed: () => ['WIDER'],
  stateOf: () => ['What was sent today counts; messages that wait go on at the new pace.'],
})

function middleOf({ jitter }: Pacing): number {
  return jitter === undefined ? 0 : jitter.minMs + jitter.maxMs
}

function perDay(path: string, read: (pace: Pacing) => number | undefined): Field<Pacing> {
  return amount(path, read, { ...WIDENS, words: count => `${count}/1d` })
}

/** A member that goes with one answer to too much: where that answer comes or goes, `onExceed` says all. */
function only(answer: Limit['onExceed'], field: Field<Limit>): Field<Limit> {
  const isAsked = (limit: Limit) => limit.onExceed === answer
  return {
    ...field,
    judge: (from, to, sides) => (isAsked(from) && isAsked(to) ? field.judge(from, to, sides) : ['NEUTRAL']),
    shorter: (from, to) => isAsked(from) && isAsked(to) && field.shorter?.(from, to) === true,
  }
}
