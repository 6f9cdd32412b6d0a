import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Chains } from '../../app/store/writer/chains.ts'
import { InOrder } from '../../app/whatsapp/journal/in-order.ts'

/** A writer that takes a turn for each write and refuses as the store's does; `fails` names those that fail once. */
function world({ fails = [] as string[], failsAlways = '', givesUp = false } = {}) {
  const chains = new Chains()
  const failing = new Set(fails)
  const written: string[] = []
  const errors: string[] = []
  const lines = new InOrder({
    insist: write => (givesUp ? Promise.resolve(undefined) : write()),
    onError: error => errors.push(String(error)),
  })
  async function write(name: string, chain: string | undefined): Promise<string> {
    await turn()
    const breaks = chain === undefined ? () => {} : chains.link(chain)
    if (failing.delete(name) || name === failsAlways) {
      breaks()
      throw new Error(`${name} failed`)
    }
    written.push(name)
    return name
  }
  return { written, errors, ask: (line: string, name: string) => lines.run(line, c => write(name, c)) }
}

test('nothing of a line is written before what failed ahead of it, and other lines go on', async () => {
  const { written, errors, ask } = world({ fails: ['a2'] })
  const asked = ['a1', 'a2', 'a3', 'b1', 'a4', 'b2'].map(name => ask(name.slice(0, 1), name))
  assert.deepEqual(await Promise.all(asked), ['a1', 'a2', 'a3', 'b1', 'a4', 'b2'])
  assert.deepEqual(
    written.filter(name => name.startsWith('a')),
    ['a1', 'a2', 'a3', 'a4'],
  )
  assert.ok(written.indexOf('b2') < written.indexOf('a4'), written.join())
  assert.deepEqual(errors, ['Error: a2 failed'])
})

test('what is asked for while a line is being repeated takes its place behind it', async () => {
  const { written, ask } = world({ fails: ['a1'] })
  const first = [ask('a', 'a1'), ask('a', 'a2')]
  await turn()
  await turn()
  await Promise.all([...first, ask('a', 'a3')])
  assert.deepEqual(written, ['a1', 'a2', 'a3'])
})

test('what is behind something that was given up is given up too, and a later line begins anew', async () => {
  const { written, ask } = world({ fails: ['a1'], givesUp: true })
  assert.deepEqual(await Promise.all([ask('a', 'a1'), ask('a', 'a2')]), [undefined, undefined])
  assert.equal(await ask('a', 'a3'), 'a3')
  assert.deepEqual(written, ['a3'])
})

test('what is behind something that no repeating mends takes its place', async () => {
  const { written, errors, ask } = world({ failsAlways: 'a2' })
  const asked = await Promise.allSettled(['a1', 'a2', 'a3', 'a4'].map(name => ask('a', name)))
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  assert.deepEqual(written, ['a1', 'a3', 'a4'])
  assert.deepEqual(errors, ['Error: a2 failed'])
})
