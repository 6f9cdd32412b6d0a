import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Connection } from '../../app/store/database/connection.ts'

function twoConnections(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-connection-'))
  const writer = Connection.open(join(folder, 'a.db'), 'write')
  writer.script('CREATE TABLE attempts (n INTEGER)')
  const reader = Connection.open(join(folder, 'a.db'), 'read')
  t.after(() => {
    reader.close()
    writer.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const count = () => reader.get<{ n: number }>('SELECT count(*) AS n FROM attempts')?.n
  return { reader, count, add: () => writer.run('INSERT INTO attempts VALUES (1)') }
}

/** What a reader sees before and after somebody else has committed. */
function around({ count, add }: ReturnType<typeof twoConnections>) {
  const before = count()
  add()
  return [before, count()]
}

test('reads of one snapshot see one state, whatever is committed meanwhile', t => {
  const both = twoConnections(t)
  const seen = both.reader.snapshot(() => around(both))
  assert.deepEqual(seen, [0, 0])
  assert.equal(both.count(), 1)
})

test('reads on their own see each commit', t => {
  assert.deepEqual(around(twoConnections(t)), [0, 1])
})

test('a snapshot whose read throws has ended', t => {
  const both = twoConnections(t)
  const wrong = () => {
    throw new RangeError('wrong')
  }
  assert.throws(() => both.reader.snapshot(wrong), RangeError)
  assert.equal(both.reader.inTransaction, false)
  assert.deepEqual(around(both), [0, 1])
})
