import { type Change, summaryText } from '../change.ts'
import type { Plan } from '../plan.ts'
import { blockedLine, fieldText, flipText, nothingChanges, replayText, titleOf } from './text.ts'

/** For a comment under a pull request: the sum and what blocks it first, then a table, then the recorded requests. */
export function asMarkdown(plan: Plan): string {
  const parts = [
    ['### Policy plan'],
    [`**${summaryText(plan.summary)}**`],
    plan.blocked.map(blocked => `- :no_entry: ${escaped(blockedLine(blocked))}`),
    plan.changes.length === 0 ? [nothingChanges(plan)] : table(plan.changes),
    flips(plan),
    [`<sub>${short(plan.old)} → ${short(plan.new)}</sub>`],
  ]
  return parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')
}

function table(changes: readonly Change[]): readonly string[] {
  return ['| | what | class | before → after |', '| --- | --- | --- | --- |', ...changes.map(row)]
}

function row(change: Change): string {
  const details = [...change.fields.map(fieldText), ...change.state.map(line => `_${line}_`)]
  const cells = [
    change.action,
    `**${titleOf(change)}**`,
    change.classes.join(', '),
    details.map(escaped).join('<br>'),
  ]
  return `| ${cells.join(' | ')} |`
}

function flips({ replayed }: Plan): readonly string[] {
  if (replayed === undefined) return []
  const all = replayed.flips.map(flip => `- ${escaped(flipText(flip))}`)
  return [replayText(replayed), ...(all.length === 0 ? [] : ['', ...all])]
}

/** Nothing in a policy's texts may end the table, begin markup, or call somebody. */
function escaped(text: string): string {
  return text
    .replace(/[\\`*[\]~|#]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '&#64;')
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll(' -> ', ' → ')
}

function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12)
}
