import assert from 'node:assert/strict'
import { test } from 'node:test'
import { languageOfKeyword } from '../../app/model/opt-out.ts'

const WORDS = { en: ['STOP', 'Unsubscribe me'], fr: ['ARRÊT'] }

const said = [
  { text: 'stop', want: 'en' },
  { text: ' Stop!!! ', want: 'en' },
  { text: '*unsubscribe*  me.', want: 'en' },
  { text: 'arrêt', want: 'fr' },
  { text: 'arre\u0302t', want: 'fr' },
  { text: `stop${'!'.repeat(200)}`, want: 'en' },
  { text: 'please stop', want: undefined },
  { text: 'stop it', want: undefined },
  { text: '!!!', want: undefined },
  { text: '', want: undefined },
]
for (const { text, want } of said) {
  test(`${JSON.stringify(text.slice(0, 20))} is ${want === undefined ? 'no keyword' : `one of ${want}`}`, () =>
    assert.equal(languageOfKeyword(text, WORDS), want))
}

test('a text that is long beyond any keyword takes no time', () => {
  const text = `a${'\u0301\u0316'.repeat(512 * 1024)}` // marks whose order counts: sorting them takes hours
  const before = process.cpuUsage()
  assert.equal(languageOfKeyword(text, WORDS), undefined)
  assert.ok(process.cpuUsage(before).user < 1_000_000)
})
