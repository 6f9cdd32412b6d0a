import type { QuietHours } from '../../snapshot.ts'
import { classesOf, names, scale, TIGHTENS, WIDENS } from '../field.ts'
import { coversHours, hoursKey, relate } from '../relation.ts'
import { type Rows, section } from '../section.ts'
import { hoursWords } from '../words.ts'

const rows: Rows<QuietHours> = {
  tz: [], // of the hours
  spans: [
    {
      path: 'quietHours.during',
      absent: 'never',
      text: hoursWords,
      key: hoursKey,
      judge: (from, to) => classesOf(relate<QuietHours>(from, to, coversHours), TIGHTENS),
    },
  ],
  meanwhile: [
    scale('quietHours.then', ({ meanwhile }) => meanwhile, { ...TIGHTENS, words: ['wait', 'deny'] }),
  ],
  exceptPurposes: [
    names('quietHours.exceptPurposes', ({ exceptPurposes }) => exceptPurposes, { ...WIDENS, absent: 'none' }),
  ],
}

/** Hours in which messages wait or are refused: more of them are TIGHTER. */
export const quietHours = section<QuietHours>({
  kind: 'Recipients',
  noun: 'quietHours',
  all: ({ quietHours: declared }) => new Map(declared === undefined ? [] : [['', declared]]),
  rows,
  added: () => ['TIGHTER'],
  removed: () => ['WIDER'],
  stateOf: () => [
    'What waits for the end of quiet hours leaves when it was told to; others are judged when they leave.',
  ],
})
