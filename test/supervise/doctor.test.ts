import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { tellControl } from '../../app/cli/control.ts'
import { controlSocket } from '../../app/config/config.ts'
import { warnOfExpiry } from '../../app/identity/expiry.ts'
import { PosternError } from '../../app/lib/error.ts'
import { silentLog } from '../../app/lib/log.ts'
import { examineCertificates } from '../../app/supervise/doctor/certificates.ts'
import { examineClock } from '../../app/supervise/doctor/clock.ts'
import { examine } from '../../app/supervise/doctor/doctor.ts'
import { examineFfmpeg } from '../../app/supervise/doctor/ffmpeg.ts'
import { examineFiles, type Places } from '../../app/supervise/doctor/files.ts'
import { type Ask, examineHealth, judgeDisk } from '../../app/supervise/doctor/health.ts'
import type { Verdict } from '../../app/supervise/doctor/verdict.ts'
import { createTestAuthority, daysFromNow } from '../helpers/certificates.ts'

/** Lasts from thirty days ago until thirty days from now. */
let authority: string
before(async () => {
  authority = (await createTestAuthority()).cert
})

const roots: string[] = []
after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

/** A folder as `init` leaves it, in one that everybody may enter. */
function installation(): Places {
  const root = mkdtempSync(join(tmpdir(), 'postern-doctor-'))
  roots.push(root)
  chmodSync(root, 0o755)
  for (const folder of ['data', 'secrets', 'pki', 'policies']) mkdirSync(join(root, folder), { mode: 0o700 })
  for (const file of ['secrets/master.key', 'secrets/hook', 'pki/client-ca.key', 'data/postern.db'])
    writeFileSync(join(root, file), 'a secret\n', { mode: 0o400 })
  for (const file of ['internal-ca.pem', 'client-ca.pem', 'app.pem'])
    writeFileSync(join(root, 'secrets', file), authority, { mode: 0o644 })
  writeFileSync(join(root, 'policies/policy.yaml'), 'kind: x\n', { mode: 0o664 })
  const at = (name: string) => join(root, name)
  return {
    root,
    ...{ dataDir: at('data'), policiesDir: at('policies'), secretsDir: at('secrets'), pkiDir: at('pki') },
    masterKeyFile: at('secrets/master.key'),
  }
}

const chmods = (modes: Readonly<Record<string, number>>) => (root: string) => {
  for (const [file, mode] of Object.entries(modes)) chmodSync(join(root, file), mode)
}

type Case = readonly [name: string, change: (root: string) => void, want: string, remedy?: string]

/** `want` is what is found, `remedy` what is to be typed; both say `~` for the folder of the installation. */
const CASES: readonly Case[] = [
  ['all as init leaves it', () => {}, ''],
  [
    'a secret that everybody reads',
    chmods({ secrets: 0o701, 'secrets/hook': 0o404 }),
    'secrets fail, secrets warn',
    'chmod go-rwx ~/secrets/hook',
  ],
  [
    'a secret that only its folder keeps',
    chmods({ 'secrets/hook': 0o444 }),
    'secrets warn',
    'chmod go-rwx ~/secrets/hook',
  ],
  [
    'a certificate with its key in one file that everybody reads',
    root => {
      const key = '-----BEGIN PRIVATE KEY-----\n'
      writeFileSync(join(root, 'secrets/app.pem'), `${authority}${key}`)
      chmods({ secrets: 0o701 })(root)
    },
    'secrets fail, secrets warn',
    'chmod go-rwx ~/secrets/app.pem',
  ],
  ['a secret that a group reads', chmods({ 'pki/client-ca.key': 0o440 }), 'secrets warn'],
  [
    'a CA that everybody writes',
    chmods({ secrets: 0o711, 'secrets/client-ca.pem': 0o666 }),
    'secrets fail, secrets warn',
    'chmod go-rwx ~/secrets/client-ca.pem',
  ],
  ['a folder of secrets that everybody writes', chmods({ secrets: 0o777 }), 'secrets fail'],
  ['a folder of secrets that everybody sees', chmods({ pki: 0o755 }), 'secrets warn', 'chmod go-rwx ~/pki'],
  ['a data folder that everybody enters', chmods({ data: 0o755 }), 'data fail', 'chmod 0700 ~/data'],
  ['a data folder that a group enters', chmods({ data: 0o750 }), 'data warn', 'chmod 0700 ~/data'],
  [
    'policies that everybody writes',
    chmods({ policies: 0o755, 'policies/policy.yaml': 0o666 }),
    'policies fail',
    'chmod o-w ~/policies/policy.yaml',
  ],
  ['the same in a folder that nobody else enters', chmods({ 'policies/policy.yaml': 0o666 }), ''],
  ['a store without its key', root => rmSync(join(root, 'secrets/master.key')), 'secrets fail'],
  [
    'containers that run as another',
    root => writeFileSync(join(root, '.env'), 'POSTERN_UID=123456\nPOSTERN_GID=1\n'),
    'secrets fail, data fail',
  ],
  [
    'a secret with an odd name, behind a link',
    root => {
      writeFileSync(join(root, "it's"), 'x', { mode: 0o666 })
      chmodSync(join(root, "it's"), 0o666)
      symlinkSync(join(root, "it's"), join(root, "secrets/it's"))
      symlinkSync(join(root, 'nothing'), join(root, 'secrets/dangling'))
    },
    'secrets fail',
    `chmod go-rwx '~/secrets/it'\\''s'`,
  ],
]

test('who gets at secrets, data and policies is told with what to type, and nothing where all is well', async t => {
  for (const [name, change, want, remedy] of CASES) {
    await t.test(name, () => {
      const places = installation()
      change(places.root)
      const found = examineFiles(places).filter(({ verdict }) => verdict !== 'ok')
      assert.equal(briefly(found), want)
      const typed = found.map(verdict => verdict.remedy?.replaceAll(places.root, '~'))
      if (remedy !== undefined) assert.equal(typed[0], remedy)
      for (const { detail } of found) assert.ok(detail.includes(places.root), detail)
    })
  }
})

test('where nothing was set up yet, that is all that is told', () => {
  const places = installation()
  for (const folder of [places.dataDir, places.secretsDir]) rmSync(folder, { recursive: true })
  const [only, ...more] = examineFiles(places)
  assert.deepEqual([only?.verdict, only?.remedy, more], ['warn', './postern init', []])
})

test('a CA or an end of the hop that is over, or soon will be, is told in the doctor and at a start', () => {
  const places = installation()
  const at = (days: number) => {
    const now = daysFromNow(days)
    const logged: string[] = []
    const log = {
      ...silentLog,
      warn: (event: string, fields = {}) => logged.push(`${event} ${JSON.stringify(fields)}`),
    }
    warnOfExpiry(places, { now: () => now, log })
    return { found: examineCertificates(places, now), logged }
  }
  const well = at(-1)
  assert.deepEqual([briefly(well.found), well.logged], ['certificates ok', []])
  const soon = at(1)
  assert.equal(briefly(soon.found), 'certificates warn, certificates warn, certificates warn')
  assert.match(
    soon.found[0]?.detail ?? '',
    /^the internal CA lasts 2[89] more days, until .*internal-ca\.pem$/,
  )
  assert.match(soon.found[1]?.remedy ?? '', /client-ca\.key away, .* append the old file/)
  assert.match(soon.found[2]?.remedy ?? '', /^\.\/postern pki init/)
  assert.equal(soon.logged.length, 3)
  assert.match(soon.logged[0] ?? '', /^certificate\.expiring \{"name":"internal CA","until":"20/)
  const over = at(31)
  assert.equal(briefly(over.found), 'certificates fail, certificates fail, certificates fail')
  assert.match(over.logged[2] ?? '', /^certificate\.expired \{"name":"certificate of the app"/)
  writeFileSync(join(places.secretsDir, 'client-ca.pem'), 'nonsense')
  assert.match(
    at(-1)
      .found.map(({ detail }) => detail)
      .join(),
    /^client CA .*: it holds no certificate$/,
  )
})

test('of several CAs in a file the one counts that lasts longest', async () => {
  const places = installation()
  const { cert } = await createTestAuthority('Another', 400)
  const file = join(places.secretsDir, 'client-ca.pem')
  writeFileSync(file, `${authority}\n${cert}`)
  const told = examineCertificates(places, daysFromNow(1)).map(({ detail }) => detail)
  assert.ok(told.length === 2 && told.every(detail => !detail.includes('client CA')), told.join())
})

test('a clock that contradicts what this appliance has dated is told, and whether anybody keeps it', async () => {
  const places = installation()
  const at = async (days: number, kept?: boolean) => {
    const verdict = await examineClock(places, { now: daysFromNow(days), isKept: async () => kept })
    return `${verdict.verdict}: ${verdict.detail}`
  }
  assert.match(await at(0, true), /^ok: the clock says 20.*, and is kept$/)
  assert.match(await at(0), /^ok: .*cannot be told here$/)
  assert.match(await at(0, false), /^warn: .*nobody keeps it$/)
  assert.match(await at(-31, true), /^fail: .*before the internal CA was made/)
  assert.match(await at(-1, true), /^fail: .*before .*postern\.db was last written/)
  const past = daysFromNow(-2)
  utimesSync(join(places.dataDir, 'postern.db'), past, past)
  assert.match(await at(-1, true), /^ok: /)
  writeFileSync(join(places.dataDir, 'postern.db-wal'), '')
  assert.match(await at(-1, true), /^fail: .*before .*postern\.db-wal was last written/)
})

const WELL = { name: 'main', state: 'open', health: { connected: true, receiving: true, sending: true } }
const deaf = { connected: true, receiving: false, sending: true }

/** What is told of an account beside what the app says of it. */
const ACCOUNTS: readonly (readonly [change: object, want: RegExp])[] = [
  [{}, /^ok: account main is open, receives and sends; -$/],
  [{ health: deaf }, /^fail: account main is open, but does not receive; \.\/postern account restart main$/],
  [
    { state: 'logged_out', reason: 'The phone removed it.' },
    /^fail: .*phone: The phone removed it\.; .* link main$/,
  ],
  [{ state: 'unlinked' }, /^warn: account main is not linked yet; \.\/postern account link main$/],
  [{ state: 'closed' }, /^warn: account main is closed; \.\/postern account show main says why$/],
  [{ state: 'paused' }, /^ok: account main is paused; -$/],
]

test('the running app is asked how each account fares, and what time WhatsApp has', async () => {
  const told = async (...accounts: object[]) => {
    const data = accounts.map(change => ({ ...WELL, clock_ahead_ms: 900, reason: null, ...change }))
    const verdicts = await examineHealth('/data', async ({ path }) =>
      path === '/v1/accounts' ? { data } : assert.fail(),
    )
    assert.match(verdicts[0]?.detail ?? '', /^the app over \/data answers$/)
    return verdicts.slice(1).map(({ verdict, detail, remedy = '-' }) => `${verdict}: ${detail}; ${remedy}`)
  }
  for (const [change, want] of ACCOUNTS) assert.match((await told(change)).join('\n'), want)
  const behind = await told({ clock_ahead_ms: 61_000 }, { clock_ahead_ms: 61_000 })
  assert.match(
    behind.slice(2).join('\n'),
    /^warn: this machine's clock is 61 s behind WhatsApp's; .*timedatectl$/,
  )
  const ahead = (await told({ clock_ahead_ms: -45_000 }))[1]
  assert.match(ahead ?? '', /^warn: this machine's clock is 45 s ahead of WhatsApp's/)
})

test('an app that cannot be asked is told as what it is: none runs, it is of another user, or it does not answer', async () => {
  for (const [code, want] of Object.entries({
    not_running: 'ok',
    forbidden: 'warn',
    lost: 'fail',
    refused: 'fail',
  })) {
    const ask = () => Promise.reject(new PosternError(`control.${code}`, 'the reason'))
    const [only, ...more] = await examineHealth('/data', ask)
    assert.deepEqual([only?.verdict, more], [want, []], code)
  }
})

test('an app that is stuck does not keep the doctor waiting', async t => {
  const { dataDir } = installation()
  mkdirSync(dirname(controlSocket(dataDir)), { recursive: true })
  const stuck = createServer().listen(controlSocket(dataDir))
  t.after(() => stuck.close())
  await once(stuck, 'listening')
  const ask: Ask = question => {
    assert.ok(question.withinMs <= 10_000)
    return tellControl({ dataDir }, { ...question, withinMs: 50 })
  }
  const [only, ...more] = await examineHealth(dataDir, ask)
  assert.deepEqual([only?.verdict, more], ['fail', []])
  assert.match(only?.detail ?? '', /runs, but has not answered in time$/)
})

test('a disk is told by the marks of the alarm', () => {
  const at = [0.5, 0.9, 0.97].map(used => judgeDisk('/data', used))
  assert.equal(briefly(at), 'disk ok, disk warn, disk fail')
  assert.match(at[1]?.detail ?? '', /^the disk of \/data is 90 % full$/)
})

test('ffmpeg is told for information, whether it is there or not', async t => {
  const folder = program(t, 'ffmpeg', `[ "$*" = -version ] && echo 'ffmpeg version 7.1.1-1 Copyright'`)
  assert.match((await examineFfmpeg(`/nowhere:${folder}`)).detail, /^ffmpeg 7\.1\.1-1 at .*\/ffmpeg, /)
  for (const path of [`/nowhere:${dirname(folder)}`, relative(process.cwd(), folder)]) {
    const without = await examineFfmpeg(path)
    assert.deepEqual([without.verdict, without.detail.slice(0, 9)], ['ok', 'no ffmpeg'], path)
  }
})

test('one look covers all of it, and an installation as init leaves it has nothing that fails', async t => {
  const caddy = join(program(t, 'caddy', `echo 'v2.11.4 h1:x='`), 'caddy')
  const places = installation()
  const root = dirname(dirname(import.meta.dirname))
  const ask: Ask = question => tellControl(places, question)
  const verdicts = await examine(
    { ...places, root, caddy },
    { searchPath: '', now: daysFromNow(-0.001), ask },
  )
  const checks = ['node', 'caddy', 'baileys', 'undici', 'ws', 'secrets', 'data', 'policies', 'certificates']
  assert.deepEqual(
    [...new Set(verdicts.map(({ check }) => check))],
    [...checks, 'clock', 'disk', 'app', 'ffmpeg'],
  )
  const own = verdicts.filter(({ check }) => check !== 'node' && check !== 'disk') // those of this machine
  assert.deepEqual(
    own.filter(({ verdict }) => verdict === 'fail'),
    [],
  )
})

function briefly(verdicts: readonly Verdict[]): string {
  return verdicts.map(({ check, verdict }) => `${check} ${verdict}`).join(', ')
}

/** A folder with one program in it. */
function program(t: TestContext, name: string, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-doctor-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
  return folder
}
