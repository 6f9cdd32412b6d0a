import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asJson } from '../../app/policy/plan/format/json.ts'
import { asMarkdown } from '../../app/policy/plan/format/markdown.ts'
import { planOf } from '../../app/policy/plan/plan.ts'
import { compiled } from './plan-case.ts'
import { BASE } from './world.ts'

const GUARDED = BASE.replace(
  '{ default: deny }',
  '{ default: deny, guardrails: [{ id: no-wider-network, on: networks, deny: widen, unlessTag: reviewed }] }',
)
const CHANGED = GUARDED.replace('10.20.4.0/24', '10.20.0.0/16').replace(
  '"2001:db8:1::/48"] }',
  '"2001:db8:1::/48"], note: "See | <b>@all</b> `x` [y](https://example.com)" }',
)

test('writes Markdown whose table no text of a policy can leave', () => {
  const markdown = asMarkdown(planOf({ from: compiled(GUARDED), to: compiled(CHANGED) }))
  const rows = markdown.split('\n').filter(line => line.startsWith('| '))
  assert.match(
    markdown,
    /^### Policy plan\n\n\*\*Summary: 0 to add, 1 to change, 0 to delete\. 1 WIDER\.\*\*\n\n- :no_entry: BLOCKED by guardrail no-wider-network/,
  )
  assert.deepEqual(rows.length, 3)
  assert.equal(rows[2]?.split(/(?<!\\)\|/).length, 6, 'four cells and the two ends')
  for (const markup of ['<b>', '@all', '`x`', '[y]']) assert.ok(!markdown.includes(markup), markup)
  assert.match(markdown, /cidrs: 10\.20\.4\.0\/24, 2001:db8:1::\/48 → 10\.20\.0\.0\/16, 2001:db8:1::\/48/)
})

test('says in Markdown that nothing changes', () => {
  const markdown = asMarkdown(planOf({ from: compiled(BASE), to: compiled(BASE, '# a comment\n') }))
  assert.match(markdown, /No change: the files differ, and mean the same\./)
  assert.ok(!markdown.includes('| --- |'))
})

test('writes a plan file with both digests, its changes, and what blocks it', () => {
  const [from, to] = [compiled(GUARDED), compiled(CHANGED)]
  const file = JSON.parse(
    asJson(planOf({ from, to }, { tags: ['other'] }), { old: 'git:HEAD', new: 'policies' }),
  )
  assert.equal(file.format, 'postern-plan/v1')
  assert.deepEqual(
    [file.old, file.new],
    [
      { digest: from.digest, source: 'git:HEAD' },
      { digest: to.digest, source: 'policies' },
    ],
  )
  assert.deepEqual(file.tags, ['other'])
  assert.deepEqual(file.changes[0].fields[0], {
    path: 'cidrs',
    from: '10.20.4.0/24, 2001:db8:1::/48',
    to: '10.20.0.0/16, 2001:db8:1::/48',
    classes: ['WIDER'],
  })
  assert.deepEqual(
    file.blocked.map((one: Record<string, unknown>) => [one.code, one.guardrail, one.name]),
    [['PS-5001', 'no-wider-network', 'office']],
  )
  assert.deepEqual(file.summary.classes, { WIDER: 1, TIGHTER: 0, DESTRUCTIVE: 0, NEUTRAL: 0 })
})
