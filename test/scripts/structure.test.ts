import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkStructure, type Structure } from '../../scripts/check-structure.ts'

/** A file that breaks one rule, and its nearest relative that keeps it. */
type Case = {
  readonly rule: string
  readonly broken: readonly [file: string, source: string]
  readonly kept: readonly [file: string, source: string]
  readonly want: RegExp
  readonly line?: number
}

/** In two parts, so that whoever looks for silenced errors finds only real ones. */
const SILENCE = ['expect-error', 'ignore'].map(word => `@ts-${word}`)

const cases: readonly Case[] = [
  {
    rule: 'a lower layer imports nothing from a higher one',
    broken: ['app/policy/load.ts', "\nimport type { Store } from '../store/store.ts'\n"],
    kept: ['app/store/store.ts', "\nimport type { Decision } from '../policy/decide/decide.ts'\n"],
    want: /policy\/ \[1\] imports store\/ \[2\]/,
    line: 2,
  },
  {
    rule: 'nothing is imported sideways',
    broken: ['app/outbox/worker.ts', "export { openSession } from '../whatsapp/session.ts'\n"],
    kept: ['app/outbox/worker.ts', "export { claim } from './deep/claim.ts'\n"],
    want: /outbox\/ \[4\] imports whatsapp\/ \[4\]/,
  },
  {
    rule: 'a dynamic import counts as an import',
    broken: ['app/lib/ids.ts', "const http = await import('../http/server.ts')\n"],
    kept: ['app/http/server.ts', "const ids = await import('../lib/ids.ts')\n"],
    want: /lib\/ \[0\] imports http\/ \[5\]/,
  },
  {
    rule: 'only the entries import the composition root',
    broken: ['app/supervise/up.ts', "import { start } from '../start.ts'\n"],
    kept: ['app/cli/up.ts', "import { start } from '../start.ts'\n"],
    want: /supervise\/ \[6\] imports start.ts \[6\]/,
  },
  {
    rule: 'the dashboard imports nothing of app/',
    broken: ['app/dashboard/page.ts', "import { parse } from '../lib/ids.ts'\n"],
    kept: ['app/dashboard/page.ts', "import { parse } from './ids.ts'\n"],
    want: /browser code/,
  },
  {
    rule: 'the app imports nothing of the tests',
    broken: ['app/cli/demo.ts', "import { phone } from '../../test/simulator/phone.ts'\n"],
    kept: ['test/cli/demo.test.ts', "import { demo } from '../../app/cli/demo.ts'\n"],
    want: /not shipped with it/,
  },
  {
    rule: 'a folder without a layer is noticed',
    broken: ['app/start.ts', "import { x } from './new-thing/x.ts'\n"],
    kept: ['app/start.ts', "import { x } from './hooks/x.ts'\n"],
    want: /new-thing\/ has no layer/,
  },
  {
    rule: 'Baileys lives in whatsapp/',
    broken: ['app/outbox/send.ts', "import { proto } from '@whiskeysockets/baileys'\n"],
    kept: ['app/whatsapp/send.ts', "import { proto } from '@whiskeysockets/baileys'\n"],
    want: /Baileys lives in app\/whatsapp\//,
  },
  {
    rule: 'Baileys may be used by tests',
    broken: ['app/http/qr.ts', "import type { WASocket } from '@whiskeysockets/baileys/lib/index.js'\n"],
    kept: ['test/simulator/noise.ts', "import { proto } from '@whiskeysockets/baileys'\n"],
    want: /Baileys lives/,
  },
  {
    rule: 'Express lives in http/',
    broken: ['app/hooks/receive.ts', "import express from 'express'\n"],
    kept: ['app/http/server.ts', "import express from 'express'\n"],
    want: /Express lives in app\/http\//,
  },
  {
    rule: 'SQL lives in store/',
    broken: ['app/outbox/claim.ts', 'const sql = `SELECT id\n  FROM outbox WHERE id = $' + '{id}`\n'],
    kept: ['app/outbox/claim.ts', "const sentence = 'SELECT one of the accounts'\n"],
    want: /SQL lives in app\/store\//,
  },
  {
    rule: 'ATTACH is SQL wherever it stands',
    broken: ['app/backup/create.ts', "run('ATTACH ? AS copy')\n"],
    kept: ['app/store/backup.ts', "run('ATTACH ? AS copy')\n"],
    want: /SQL lives/,
  },
  {
    rule: 'the database module lives in store/',
    broken: ['app/audit/append.ts', "import { DatabaseSync } from 'node:sqlite'\n"],
    kept: ['app/store/open.ts', "import { DatabaseSync } from 'node:sqlite'\n"],
    want: /node:sqlite is imported elsewhere|DatabaseSync lives/,
  },
  {
    rule: 'process.env lives in config/',
    broken: ['app/store/open.ts', "// fine\nconst dir = process.env['HOME']\n"],
    kept: ['app/config/config.ts', "const dir = process.env['HOME']\n"],
    want: /process\.env lives/,
    line: 2,
  },
  {
    rule: 'process.env is found under its other spellings',
    broken: ['app/lib/log.ts', 'const { env } = process\n'],
    kept: ['app/lib/log.ts', "const text = 'process.env' // process.env\nconst { pid } = self.process\n"],
    want: /process\.env lives/,
  },
  {
    rule: 'execArgv stands nowhere',
    broken: ['app/media/decode.ts', 'new Worker(url, { execArgv: [] })\n'],
    kept: ['app/media/decode.ts', 'new Worker(url, { argv: [] })\n'],
    want: /execArgv/,
  },
  {
    rule: 'exports are named',
    broken: ['app/lib/ids.ts', 'export default 1\n'],
    kept: ['app/lib/ids.ts', 'switch (x) {\n  default: y()\n}\n'],
    want: /exports are named/,
  },
  {
    rule: 'any is no type',
    broken: ['app/lib/ids.ts', 'const x = y as Record<string, any>\n'],
    kept: ['app/lib/ids.ts', "const x = Promise.any(all) // any\nconst z = { any: 'any' }\n"],
    want: /any is no type/,
  },
  {
    rule: 'type errors are not silenced',
    broken: ['test/lib/ids.test.ts', `const x = 1\n// ${SILENCE[0]} later\nconst y: string = x\n`],
    kept: [
      'test/lib/ids.test.ts',
      `const x = '${SILENCE[0]}'\n// the rule on ${SILENCE[1]} is in words.ts\n`,
    ],
    want: /not silenced/,
    line: 2,
  },
  {
    rule: 'there are no barrels',
    broken: ['app/store/index.ts', 'export const x = 1\n'],
    kept: ['app/store/indexes.ts', 'export const x = 1\n'],
    want: /no index\.ts/,
  },
  {
    rule: 'vague file names say nothing',
    broken: ['app/outbox/message-helpers.ts', 'export const x = 1\n'],
    kept: ['app/outbox/helpline.ts', 'export const x = 1\n'],
    want: /message-helpers says nothing/,
  },
  {
    rule: 'vague type names say nothing',
    broken: ['app/outbox/claim.ts', 'export type MessageService = { x: 1 }\n'],
    kept: ['app/outbox/claim.ts', "export type ServiceName = 'messages'\n"],
    want: /MessageService says nothing/,
  },
  {
    rule: 'vague folders say nothing',
    broken: ['app/http/utils/x.ts', 'export const x = 1\n'],
    kept: ['test/helpers/x.ts', 'export const x = 1\n'],
    want: /folder name utils/,
  },
  {
    rule: 'files have at most 400 lines',
    broken: ['test/long.test.ts', 'a()\n'.repeat(401)],
    kept: ['test/cases/long.test.ts', 'a()\n'.repeat(401)],
    want: /401 lines, at most 400/,
    line: 401,
  },
  {
    rule: 'functions have at most 70 lines',
    broken: [
      'app/lib/ids.ts',
      `\nexport function long(x: { a: number }): { b: number } {\n${'  a()\n'.repeat(69)}}\n`,
    ],
    kept: [
      'app/lib/ids.ts',
      `\nexport function long(x: { a: number }): { b: number } {\n${'  a()\n'.repeat(68)}}\n`,
    ],
    want: /long has 71 lines, at most 70/,
    line: 2,
  },
]

for (const { rule, broken, kept, want, line } of cases) {
  test(rule, () => {
    const { errors } = check(broken)
    assert.equal(errors.length > 0, true, 'the broken example passed')
    for (const error of errors) {
      assert.match(error.rule, want)
      assert.equal(error.file, broken[0])
      if (line !== undefined) assert.equal(error.line, line)
    }
    assert.deepEqual(check(kept).errors, [])
  })
}

test('a file of 300 lines is a question, not an error', () => {
  const { errors, warnings } = check(['app/lib/ids.ts', 'a()\n'.repeat(300)])
  assert.deepEqual(errors, [])
  assert.deepEqual(
    warnings.map(warning => warning.file),
    ['app/lib/ids.ts'],
  )
})

function check([file, source]: readonly [string, string]): Structure {
  const root = mkdtempSync(join(tmpdir(), 'postern-structure-'))
  try {
    mkdirSync(join(root, dirname(file)), { recursive: true })
    writeFileSync(join(root, file), source)
    return checkStructure(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
