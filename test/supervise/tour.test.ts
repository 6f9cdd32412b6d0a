import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tourSteps } from '../../app/supervise/tour/steps.ts'
import { type Step, type StepOutcome, tableRow, walk } from '../../app/supervise/tour/tour.ts'

type Seen = { ran: string[] }

const step = (name: string, act: () => void = () => {}): Step<Seen> => ({
  step: name,
  async run(seen) {
    seen.ran.push(name)
    act()
    return `${name} was fine`
  },
})

async function walked(steps: readonly Step<Seen>[], interrupted = new AbortController().signal) {
  const seen: Seen = { ran: [] }
  const rows: StepOutcome[] = []
  const outcomes = await walk(steps, seen, { interrupted, onOutcome: outcome => rows.push(outcome) })
  assert.deepEqual(rows, outcomes)
  return { outcomes: outcomes.map(({ step: name, ok, detail }) => ({ name, ok, detail })), ran: seen.ran }
}

test('each step is run in turn and has its outcome', async () => {
  const { outcomes } = await walked([step('one'), step('two')])
  assert.deepEqual(outcomes, [
    { name: 'one', ok: true, detail: 'one was fine' },
    { name: 'two', ok: true, detail: 'two was fine' },
  ])
})

test('after a failure the rest is not tried', async () => {
  const broken = step('broken', () => {
    throw new Error('it does not work')
  })
  const { outcomes, ran } = await walked([step('one'), broken, step('three')])
  assert.deepEqual(ran, ['one', 'broken'])
  assert.deepEqual(outcomes.at(-1), { name: 'broken', ok: false, detail: 'it does not work' })
})

test('an interrupted step has no outcome, and no other is begun', async () => {
  const controller = new AbortController()
  const interrupted = step('interrupted', () => {
    controller.abort()
    throw new Error('its appliance was stopped')
  })
  const { outcomes, ran } = await walked([step('one'), interrupted, step('three')], controller.signal)
  assert.deepEqual(ran, ['one', 'interrupted'])
  assert.deepEqual(outcomes, [{ name: 'one', ok: true, detail: 'one was fine' }])
})

test('a row of the table tells verdict, time, step and detail', () => {
  const row = tableRow({ step: 'a step', ok: false, ms: 12, detail: 'why' })
  assert.match(row, /^FAIL +12 ms {2}a step +why$/)
})

test('the tour goes through everything that this version shows, what is broken on purpose near its end', () => {
  assert.deepEqual(
    tourSteps.map(({ step: name }) => name),
    [
      'policies checked',
      'edge, app and simulator answer',
      'account linked by scanning the QR',
      'text sent with a client certificate, decrypted',
      'receipts delivered and read in the timeline',
      'reply arrives as a signed webhook',
      'a picture out and a picture in, byte for byte',
      'a group message decrypted by each member',
      'refused, each beside an allowed twin',
      'receiver down, the message arrives after it returns',
      'kill -9 while messages flow both ways: none lost',
      'policy edited and applied; a broken edit refused',
    ],
  )
})
