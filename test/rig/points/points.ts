import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the journal calls stanzas by, in the points that it names after them. */
const STANZAS = ['inbound', 'receipt', 'notification', 'call']
/** Reached only while an account is being linked; test/whatsapp kills there. */
const WHILE_LINKING: ReadonlySet<string> = new Set(['session.linked'])

/** Every point that the app names, as its source has them: a new one is tried without anybody adding it here. */
export function pointsOf(root: string): readonly string[] {
  const folder = join(root, 'app')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  )
  const points = files.flatMap(name => {
    const source = readFileSync(join(folder, name), 'utf8')
    const plain = [...source.matchAll(/\bstep\('([^']+)'\)/g)].map(([, point]) => String(point))
    const named = [...source.matchAll(/\bstep\(`\$\{[^}]+\}\.([^`]+)`\)/g)]
    return [...plain, ...named.flatMap(([, rest]) => STANZAS.map(stanza => `${stanza}.${rest}`))]
  })
  return [...new Set(points)].filter(point => !WHILE_LINKING.has(point)).sort()
}
