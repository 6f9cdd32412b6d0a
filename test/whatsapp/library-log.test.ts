import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Log, LogFields } from '../../app/lib/log.ts'
import { libraryLogger, muteConsole, wordsOf } from '../../app/whatsapp/socket/library-log.ts'
import { CONTACT, type Rig, startRig, text, until } from './rig.ts'

const lines: string[] = []
const write = (level: string) => (event: string, fields?: LogFields) => {
  lines.push(JSON.stringify({ level, event, ...fields }))
}
const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }

/** What reaches standard output while `work` runs. */
async function outputOf(work: () => Promise<void> | void): Promise<string> {
  const plain = process.stdout.write
  let output = ''
  process.stdout.write = function keep(this: void, chunk: string | Uint8Array, ...rest: never[]) {
    output += Buffer.from(chunk as Uint8Array).toString('latin1')
    return plain.call(process.stdout, chunk, ...rest)
  }
  try {
    await work()
  } finally {
    process.stdout.write = plain
  }
  return output
}

test('what a library says on the console is one line without its content, and nothing on standard output', async () => {
  const said = await outputOf(() => console.info('to be seen'))
  assert.match(said, /to be seen/)
  muteConsole(log)
  lines.length = 0
  const muted = await outputOf(() => {
    console.info('Closing session:', { privKey: 'a secret' })
    console.error('Session error: a secret')
  })
  assert.doesNotMatch(muted, /session|secret/i)
  assert.deepEqual(lines, [
    '{"level":"debug","event":"library.console","method":"info"}',
    '{"level":"debug","event":"library.console","method":"error"}',
  ])
})

test('of what Baileys logs, the words are kept, and neither objects nor numbers', () => {
  lines.length = 0
  const logger = libraryLogger(log, 'main').child({ class: 'baileys' })
  logger.info({ node: 'secret' }, 'opened connection')
  logger.warn({ key: 'secret' }, 'something odd')
  logger.error('no entry for 12025550102@s.whatsapp.net')
  assert.deepEqual(
    lines.map(line => JSON.parse(line).words),
    ['something odd', 'no entry for …@s.whatsapp.net'],
  )
  assert.equal(wordsOf(new Error('lost 12025550102')), 'lost …')
})

describe('a whole conversation', () => {
  let rig: Rig
  before(async () => {
    rig = await startRig({ log })
  })
  after(() => rig.stop())

  test('leaves no number, no text and no key in the log or on standard output', async () => {
    lines.length = 0
    const output = await outputOf(async () => {
      await rig.link()
      await rig.send(CONTACT, text('a private matter'))
      const id = await rig.contactSays('another private matter')
      await until('the reply', () => rig.store.messages.get('main', id))
      await rig.phones.post('/faults', { kind: 'retry-receipt' })
      await rig.send(CONTACT, text('a private matter again'))
      await rig.restart()
      await rig.opened()
    })
    const written = `${lines.join('\n')}\n${output}`
    assert.match(written, /account\.open/)
    assert.match(written, /library\.console/, 'libsignal had something to say')
    for (const secret of ['2025550102', '2025550100', 'private matter', 'privKey', 'SessionEntry', '@lid']) {
      assert.ok(!written.includes(secret), `${secret} is written somewhere`)
    }
  })
})
