import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PosternError } from '../../app/lib/error.ts'
import { explainSystemError } from '../../app/lib/system-error.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

test('what the file system refuses is told with the path and a remedy', () => {
  const missing = thrownBy(() => mkdtempSync('/nonexistent/postern-'))
  assert.match(explainSystemError(missing) ?? '', /^\/nonexistent\/postern-.* is missing: make it/)
  const inFile = thrownBy(() => readdirSync(join(import.meta.filename, 'x')))
  assert.match(explainSystemError(inFile) ?? '', /is not below a folder/)
})

test('every other error keeps its own words', () => {
  assert.equal(explainSystemError(new Error('plain')), undefined)
  assert.equal(explainSystemError(new PosternError('EACCES', 'ours')), undefined)
  assert.equal(explainSystemError('a text'), undefined)
})
