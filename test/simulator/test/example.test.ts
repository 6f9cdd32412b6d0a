import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

test('the example in README.md runs as it stands', async t => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  const file = fileURLToPath(new URL(`../example-${process.pid}.ts`, import.meta.url))
  writeFileSync(file, example)
  t.after(() => rmSync(file, { force: true }))
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 })
  const line = stdout.split('\n').find(each => each.startsWith('{"data":')) ?? ''
  assert.deepEqual(
    (JSON.parse(line) as { data: { text: unknown }[] }).data.map(({ text }) => text),
    [{ body: 'Hello Bob' }],
  )
})
