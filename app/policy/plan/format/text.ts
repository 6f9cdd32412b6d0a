import { type Change, type FieldChange, summaryText } from '../change.ts'
import type { Blocked } from '../guardrails.ts'
import type { Plan } from '../plan.ts'
import { type Flip, type Replayed, requestsText } from '../replay.ts'

const SIGNS = { add: '+', change: '~', delete: '-' } as const

/** For people at a terminal: each change with its members, then what blocks it, what flips, and the sum. */
export function asText(plan: Plan): string {
  const parts = [
    plan.changes.length === 0 ? [nothingChanges(plan)] : plan.changes.flatMap(changeLines),
    flipLines(plan),
    plan.blocked.map(blockedLine),
    [summaryText(plan.summary)],
  ]
  return parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')
}

/** One change: a headline, its members, and what happens to what is remembered. */
export function changeLines(change: Change): readonly string[] {
  const { action, classes, fields, state } = change
  return [
    `${SIGNS[action]} ${titleOf(change)}: ${classes.join(', ')}`,
    ...fields.map(field => `    ${fieldText(field)}`),
    ...state.map(line => `    = ${line}`),
  ]
}

/** `Access rule billing-sends` */
export function titleOf({ kind, noun, name }: Pick<Change, 'kind' | 'noun' | 'name'>): string {
  return [kind, noun, name].filter(part => part !== undefined).join(' ')
}

export function fieldText({ path, from, to, classes }: FieldChange): string {
  if (from === undefined) return `${path}: ${to}`
  if (to === undefined) return `${path}: ${from}`
  return `${path}: ${from} -> ${to}  ${classes.join(', ')}`
}

export function blockedLine({ guardrail, change, reason }: Blocked): string {
  const unless = guardrail.unlessTag === undefined ? '' : `; --tag ${guardrail.unlessTag} lets it pass`
  return `BLOCKED by guardrail ${guardrail.id} (PS-5001): ${titleOf(change)}: ${reason}${unless}`
}

/** `billing messages.send on main: allow by a-rule -> deny by default (12 requests)` */
export function flipText({ principal, action, account, from, to, count }: Flip): string {
  const where = account === undefined ? '' : ` on ${account}`
  const times = `${count} request${count === 1 ? '' : 's'}`
  return `${principal} ${action}${where}: ${from.effect} by ${from.by} -> ${to.effect} by ${to.by} (${times})`
}

export function nothingChanges(plan: Plan): string {
  return plan.old === plan.new
    ? 'No change: the files are the same.'
    : 'No change: the files differ, and mean the same.'
}

function flipLines({ replayed }: Plan): readonly string[] {
  if (replayed === undefined) return []
  return [replayText(replayed), ...replayed.flips.map(flip => `    ${flipText(flip)}`)]
}

/** `240 recorded requests since 2026-11-22T10:00:00.000Z; these would be decided otherwise:` */
export function replayText({ since, requests, flips }: Replayed): string {
  const asked = `${requestsText(requests)} since ${since.toISOString()}`
  return flips.length === 0
    ? `${asked}: none would be decided otherwise`
    : `${asked}; these would be decided otherwise:`
}
