import assert from 'node:assert/strict'
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDocument } from 'yaml'
import { policyCommand } from '../../app/cli/policy/policy.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'scripts', 'recipes')
const files = readdirSync(FOLDER, { withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(({ name }) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }))
const policy = policyCommand({
  now: () => new Date(),
  configure: () => {
    throw new Error('only asked for its commands')
  },
})

/** What is wrong with a command line that begins with `./postern policy`; nothing when such a command would be taken. */
function faultsOf(line: string): readonly string[] {
  const [name = '', ...words] = line.replaceAll('"', '').split(/\s+/)
  const command = policy.commands.find(known => known.name() === name)
  if (command === undefined) return [`no command ${name}`]
  return words.flatMap((word, index) => {
    if (!word.startsWith('-')) return []
    const option = command.options.find(({ long, short }) => long === word || short === word)
    const given = words[index + 1]
    if (option === undefined) return [`${name} has no ${word}`]
    const wrong = option.required && (given === undefined || option.argChoices?.includes(given) === false)
    return wrong ? [`${name} ${word} does not take ${given}`] : []
  })
}

function commandsOf(text: string): readonly string[] {
  return [...text.matchAll(/\.\/postern policy ([^>|`\n]+)/g)].map(match => (match[1] ?? '').trim())
}

for (const { name, text } of files) {
  test(`the recipe ${name} names only commands and flags that exist`, () => {
    const commands = commandsOf(text)
    assert.ok(commands.length > 0)
    assert.deepEqual(commands.flatMap(faultsOf), [])
  })
}

test('finds a command, a flag and a value that do not exist', () => {
  assert.deepEqual(faultsOf('chekc --no-secrets'), ['no command chekc'])
  assert.deepEqual(faultsOf('check --no-secret'), ['check has no --no-secret'])
  assert.deepEqual(faultsOf('check --format markdwon'), ['check --format does not take markdwon'])
})

test('the pipelines are YAML, and run the same four steps', () => {
  for (const { name, text } of files.filter(file => file.name.endsWith('.yaml'))) {
    const { errors, warnings } = parseDocument(text)
    assert.deepEqual([...errors, ...warnings], [], name)
    assert.deepEqual(
      commandsOf(text).map(line => line.split(' ')[0]),
      ['fmt', 'check', 'test', 'plan'],
      name,
    )
  }
})

test('the hook can be run', () => {
  accessSync(join(FOLDER, 'pre-commit'), constants.X_OK)
})
