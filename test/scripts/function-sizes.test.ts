import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionSizes } from '../../scripts/structure/functions.ts'
import { tokenize } from '../../scripts/structure/tokens.ts'

const cases: readonly { shape: string; source: string; want: readonly string[] }[] = [
  {
    shape: 'a declaration with an object type before its body',
    source: 'export async function a<T extends { x: 1 }>(p: { q: T }): Promise<{ z: 1 }> {\n  b()\n}\n',
    want: ['a 1+3'],
  },
  { shape: 'an arrow function', source: 'const a = (x: number) => {\n  b()\n}\n', want: ['a 1+3'] },
  { shape: 'an arrow function without parentheses', source: 'const a = async x => {\n}\n', want: ['a 1+2'] },
  { shape: 'a callback', source: "\ntest('b', async () => {\n  c()\n})\n", want: ['test 2+3'] },
  {
    shape: 'methods, getters and private ones',
    source: 'class A extends B {\n  get x(): number {\n    return 1\n  }\n  async #run() {\n  }\n}\n',
    want: ['x 2+3', '#run 5+2'],
  },
  {
    shape: 'control blocks, object literals and types are none',
    source:
      'if (a) {\n}\nfor (const x of y) {\n}\nfor await (const x of y) {\n}\nwhile (z) {\n}\ntry {\n} catch (e) {\n}\nswitch (a) {\n}\ntype T = (a: 1) => {\n  b: 1\n}\nconst o = {\n}\n',
    want: [],
  },
  { shape: 'an arrow that gives an object', source: 'const a = () => ({\n  b: 1,\n})\n', want: [] },
  {
    shape: 'a function inside a function',
    source: 'function a() {\n  return b\n  function b() {\n  }\n}\n',
    want: ['a 1+5', 'b 3+2'],
  },
  {
    shape: 'a function inside a template',
    source: 'const x = `{ $' + '{ all.map(y => {\n  return `}`\n}) } }`\n',
    want: ['map 1+3'],
  },
  {
    shape: 'braces in strings, comments and expressions',
    source: "function a() {\n  b('{', /[}\\/{]/u, `{`) // {\n  /* { */\n}\n",
    want: ['a 1+4'],
  },
  {
    shape: 'a group of tests',
    source: "describe('x', () => {\n  test('y', () => {\n  })\n})\n",
    want: ['test 2+2'],
  },
]

for (const { shape, source, want } of cases) {
  test(`measures ${shape}`, () => {
    const sizes = functionSizes(source).map(({ name, line, lines }) => `${name} ${line}+${lines}`)
    assert.deepEqual(sizes, want)
  })
}

test('a division is not the start of a regular expression', () => {
  const texts = tokenize("a / b / c; (d) / 'x'; return /'/.test(e)").map(
    token => `${token.kind}:${token.text}`,
  )
  assert.deepEqual(
    texts.filter(text => text.startsWith('string') || text.startsWith('regex')),
    ['string:x', "regex:/'/"],
  )
})

test('lines are counted through strings, templates and comments', () => {
  const last = tokenize('/* a\n b */ `x\n$' + '{y}\n` end').at(-1)
  assert.deepEqual(last, { kind: 'word', text: 'end', line: 4 })
})
