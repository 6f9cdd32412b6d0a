import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MESSAGE_STATUSES } from '../../app/model/message.ts'
import { SEND_FAILURES } from '../../app/model/send-failure.ts'

const text = readFileSync(join(import.meta.dirname, '../../app/outbox/README.md'), 'utf8')

test('the README has every code with which a message fails, with its meaning, and every status', () => {
  for (const [code, meaning] of Object.entries(SEND_FAILURES)) {
    assert.ok(text.includes(`| \`${code}\` | ${meaning} |`), code)
  }
  for (const status of MESSAGE_STATUSES) {
    assert.equal(text.includes(`\`${status}\``), status !== 'received', status) // received is for the other direction
  }
})
