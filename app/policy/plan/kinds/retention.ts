import type { Retention } from '../../snapshot.ts'
import { type Field, time } from '../field.ts'
import { once, type Rows } from '../section.ts'

const KEPT = { more: 'WIDER', less: 'DESTRUCTIVE' } as const

const rows: Rows<Retention> = {
  bodyMs: [kept('messages.body', ({ bodyMs }) => bodyMs)],
  metadataMs: [kept('messages.metadata', ({ metadataMs }) => metadataMs)],
  mediaMs: [kept('messages.media', ({ mediaMs }) => mediaMs, 'as long as the body')],
  deliveredMs: [kept('deliveries.delivered', ({ deliveredMs }) => deliveredMs)],
  deadMs: [kept('deliveries.dead', ({ deadMs }) => deadMs)],
}

/** What is kept for a shorter time is gone for good; to keep longer is WIDER. */
export const retention = once<Retention>({
  kind: 'Retention',
  noun: 'times',
  read: snapshot => snapshot.retention,
  rows,
  stateOf: ({ classes }) =>
    classes.includes('DESTRUCTIVE') ? ['What is older than the new times is deleted within minutes.'] : [],
})

function kept(
  path: string,
  read: (times: Retention) => number | undefined,
  absent = 'for ever',
): Field<Retention> {
  return time(path, read, { ...KEPT, absent })
}
