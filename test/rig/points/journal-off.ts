import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What an appliance is started from. */
const NEEDED = ['app', 'test', 'node_modules', 'package.json', 'package-lock.json', 'Caddyfile', 'proxy']
const INTAKE = 'app/whatsapp/journal/intake.ts'
/** The receipt waits for the keys alone, and a message is kept once its receipt has left: as plain Baileys with a store behind it. */
const CHANGES: readonly (readonly [from: string, to: string])[] = [
  [
    'const write = store.journal.add(arrival, keys).then(seq => {',
    `const kept = keys === undefined ? Promise.resolve() : store.signalKeys.set(account, keys.changes, keys.chain)
    const left = Promise.withResolvers<void>()
    const write = left.promise.then(() => store.journal.add(arrival)).then(seq => {`,
  ],
  ['gate.hold(write, ', 'gate.hold(kept, left.resolve)\n    gate.hold(kept, '],
]

/** A copy of the tree whose journal is switched off, for the control: this one must lose. The test must call `remove`. */
export function journalOff(root: string): { readonly root: string; remove(): void } {
  const runtime = join(root, '.runtime') // on the disk of the tree, so that hard links do
  mkdirSync(runtime, { recursive: true })
  const copy = mkdtempSync(join(runtime, 'journal-off-'))
  execFileSync('cp', ['-al', ...NEEDED.map(part => join(root, part)), copy])
  let source = readFileSync(join(copy, INTAKE), 'utf8')
  for (const [from, to] of CHANGES) {
    if (!source.includes(from))
      throw new Error(`${INTAKE} has changed: say anew how to switch the journal off`)
    source = source.replace(from, to)
  }
  rmSync(join(copy, INTAKE)) // or the link would change the original
  writeFileSync(join(copy, INTAKE), source)
  return { root: copy, remove: () => rmSync(copy, { recursive: true, force: true }) }
}
