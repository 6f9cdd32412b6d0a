import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { encode } from 'uqr'
import { accountCommand } from '../../app/cli/account.ts'
import { tellControl } from '../../app/cli/control.ts'
import { qrText } from '../../app/cli/qr.ts'
import { openScreen } from '../../app/cli/screen.ts'
import type { Link } from '../../app/model/account.ts'
import { examineHealth } from '../../app/supervise/doctor/health.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { runCommand } from './running.ts'

let http: RunningHttp
/** What an account that is being linked comes to, one at each look. */
const links: Link[] = []
const inAMinute = new Date('2026-03-01T10:01:00Z')
const link = (state: Link['state'], more: Partial<Link> = {}): Link => ({
  state,
  expiresAt: inAMinute,
  ...more,
})

before(async () => {
  http = await startHttp({
    sessions: {
      link: async name => {
        if (name === 'main') return { kind: 'already-linked' }
        return { kind: 'started', link: links.shift() ?? link('failed') }
      },
      currentLink: () => links.shift(),
    },
  })
})
after(() => http.stop())

const account = (...args: string[]) => runCommand(accountCommand, http.dataDir, args)

test('list and show tell the state of every account', async () => {
  const { out } = await account('list')
  assert.match(out, /^NAME +PHONE +STATE +WHY\nmain +\+12025550100 +open\nspare +- +unlinked$/)
  assert.deepEqual(
    JSON.parse((await account('list', '--json')).out).data.map((one: { name: string }) => one.name),
    ['main', 'spare'],
  )
  const shown = (await account('show', 'main')).out
  assert.match(shown, /^state {6}open$/m)
  assert.match(shown, /^health {5}connected, receiving, sending$/m)
  await assert.rejects(account('show', 'nobody'), { message: 'There is no account of this name.' })
})

test('the doctor tells the state of every account as well', async () => {
  const told = await examineHealth(http.dataDir, question => tellControl(http, question))
  assert.deepEqual(
    told.slice(1).map(({ verdict, detail }) => `${verdict}: ${detail}`),
    ['ok: account main is open, receives and sends', 'warn: account spare is not linked yet'],
  )
})

test('pause, resume, restart and logout do what they say, or say why not', async () => {
  assert.match((await account('pause', 'main')).out, /^state {6}paused$/m)
  await assert.rejects(account('pause', 'main'), { code: 'control.refused', message: /paused already/ })
  assert.match((await account('resume', 'main')).out, /^state {6}open$/m)
  assert.equal(JSON.parse((await account('restart', 'main', '--json')).out).state, 'connecting')
  assert.match((await account('logout', 'main')).out, /^state {6}unlinked$/m)
  const audit = await http.store.audit.list({ limit: 50 })
  assert.equal(audit.items.filter(({ decision }) => decision === 'deny').length, 0)
})

test('link shows each QR in the terminal until the phone has signed', async () => {
  links.push(
    link('waiting', { qr: 'first' }),
    link('waiting', { qr: 'first' }),
    link('waiting', { qr: 'second' }),
  )
  links.push(link('scanned'), link('done'))
  const { code, out, err } = await account('link', 'spare')
  assert.equal(code, 0)
  assert.equal(out.match(/scan this before 2026-03-01T10:01:00.000Z/g)?.length, 2, 'once for each QR')
  assert.match(out, /[▀▄█]{5}/)
  assert.match(err, /the phone has signed; connecting\n.*linked$/)
})

/** The modules of a code as a camera sees them, dark ones true: two in each character, one above the other. */
function modulesIn(lines: readonly string[]): boolean[][] {
  return lines.flatMap(line => [
    [...line].map(character => !'█▀'.includes(character)),
    [...line].map(character => !'█▄'.includes(character)),
  ])
}

test('what link prints is the code, with light around it, on a terminal of either theme', async () => {
  const qr = `https://wa.me/settings/linked_devices#2@${'Ab0/'.repeat(55)},platform`
  links.push(link('waiting', { qr }), link('done'))
  const { out } = await account('link', 'spare')
  const want = encode(qr, { border: 2 })
  const lines = out.split('\n').filter(line => line.length === want.size)
  assert.deepEqual(modulesIn(lines).slice(0, want.size), want.data)
  const coloured = qrText(qr, { colours: true }).split('\n')
  for (const [index, line] of coloured.entries()) assert.equal(line, `\x1b[97;40m${lines[index]}\x1b[0m`)
})

test('on a terminal a code takes the place of the one before, and elsewhere nothing but text is written', () => {
  for (const isTTY of [true, false]) {
    const written: string[] = []
    const terminal = { isTTY, write: (text: string | Uint8Array) => written.push(String(text)) > 0 }
    const log = mock.method(console, 'log', (text: string) => written.push(text))
    const screen = openScreen(terminal, terminal)
    screen.show('one\ntwo')
    screen.status('waiting')
    screen.show('three')
    screen.end()
    log.mock.restore()
    const onTerminal = ['one\ntwo', '\r\x1b[Kwaiting', '\r\x1b[K', '\x1b[2A\x1b[J', 'three']
    assert.deepEqual(written, isTTY ? onTerminal : ['one\ntwo', 'three'])
  }
})

test('link shows a code instead, and fails when nobody types it', async () => {
  links.push(link('waiting', { code: 'ABCD-1234' }), link('expired', { reason: 'nobody came' }))
  const { code, out, err } = await account('link', 'spare', '--code', '+12025550177')
  assert.equal(code, 1)
  assert.match(out, /type ABCD-1234 before/)
  assert.match(err, /not linked: nobody came/)
})

test('link with --json prints a line for each change', async () => {
  links.push(link('waiting', { qr: 'first' }), link('done'))
  const { out } = await account('link', 'spare', '--json')
  const states = out.split('\n').map(line => JSON.parse(line).state)
  assert.deepEqual(states, ['waiting', 'done'])
})

test('link says that an account is linked already', async () => {
  await assert.rejects(account('link', 'main'), { message: /linked already/ })
})
