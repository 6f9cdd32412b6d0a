import type { Kind } from '../shape/schemas.ts'

/**
 * WIDER: somebody may do, reach, learn or keep more than before. TIGHTER: less. DESTRUCTIVE: something is lost for good, or
 * cut off. NEUTRAL: none of these. A change may be several of the first three at once.
 */
export const CHANGE_CLASSES = ['WIDER', 'TIGHTER', 'DESTRUCTIVE', 'NEUTRAL'] as const
export type ChangeClass = (typeof CHANGE_CLASSES)[number]

/** One member of an object, before and after, as people read it. References of secrets are shown, secrets never. */
export type FieldChange = {
  /** As in the files, such as `when.hours`. */
  readonly path: string
  readonly from?: string
  readonly to?: string
  /** Empty in an object that is added or deleted: there the whole is judged. */
  readonly classes: readonly ChangeClass[]
  /** A time that became shorter. */
  readonly shorter?: true
}

/** One object that differs between two policies. A rename is a delete and an add. */
export type Change = {
  readonly kind: Kind
  /** What it is, such as `rule` or `endpoint`. */
  readonly noun: string
  /** Absent for what exists once. */
  readonly name?: string
  readonly action: 'add' | 'change' | 'delete'
  readonly classes: readonly ChangeClass[]
  readonly fields: readonly FieldChange[]
  /** What happens to counters, queues and what else the appliance remembers of it. */
  readonly state: readonly string[]
}

export type PlanSummary = {
  readonly add: number
  readonly change: number
  readonly delete: number
  readonly classes: Readonly<Record<ChangeClass, number>>
}

/** All of `lists` together, each class once; NEUTRAL is what has no other. */
export function unite(lists: Iterable<readonly ChangeClass[]>): readonly ChangeClass[] {
  const found = new Set([...lists].flat())
  const more = CHANGE_CLASSES.filter(one => one !== 'NEUTRAL' && found.has(one))
  return more.length === 0 ? ['NEUTRAL'] : more
}

/** A change of several classes counts in each of them. */
export function summaryOf(changes: readonly Change[]): PlanSummary {
  const acting = (action: Change['action']) => changes.filter(change => change.action === action).length
  const counts = CHANGE_CLASSES.map(one => [
    one,
    changes.filter(({ classes }) => classes.includes(one)).length,
  ])
  return {
    add: acting('add'),
    change: acting('change'),
    delete: acting('delete'),
    classes: Object.fromEntries(counts) as PlanSummary['classes'],
  }
}

/** `Summary: 0 to add, 4 to change, 0 to delete. 2 WIDER, 1 TIGHTER, 1 DESTRUCTIVE.` */
export function summaryText(summary: PlanSummary): string {
  const counted = CHANGE_CLASSES.filter(one => summary.classes[one] > 0)
  const classes = counted.map(one => `${summary.classes[one]} ${one}`).join(', ')
  const actions = `Summary: ${summary.add} to add, ${summary.change} to change, ${summary.delete} to delete.`
  return classes === '' ? actions : `${actions} ${classes}.`
}
