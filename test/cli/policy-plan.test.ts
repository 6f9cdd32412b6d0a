import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BASE } from '../policy/world.ts'
import { policyWorld } from './policy-world.ts'

const WIDER = BASE.replace('10.20.4.0/24', '10.20.0.0/16')
const GUARDED = '{ default: deny, guardrails: [{ id: g, on: networks, deny: widen, unlessTag: reviewed }] }'

/** A folder of policies under Git, with one commit of the base documents. */
function repository(t: TestContext, base = BASE) {
  const world = policyWorld(t, { 'base.yaml': base })
  git('init', '-q')
  commit('first')
  return { ...world, git, commit, write }

  function write(name: string, text: string): void {
    writeFileSync(join(world.folder, 'policies', name), text)
  }

  function commit(message: string): void {
    git('add', '-A', 'policies')
    git('-c', 'user.name=Ana', '-c', 'user.email=ana@example.com', 'commit', '-q', '-m', message)
  }

  function git(...args: readonly string[]): void {
    execFileSync('git', ['-C', world.folder, ...args])
  }
}

test('compares the files on disk with those of the last commit', async t => {
  const { run, write } = repository(t)
  const same = await run(['plan', '--detailed-exitcode'])
  assert.deepEqual([same.exitCode, same.out.split('\n')[0]], [0, 'No change: the files are the same.'])
  write('base.yaml', WIDER)
  const wider = await run(['plan'])
  assert.equal(wider.exitCode, 0, 'only asked for in detail')
  assert.match(wider.out, /^~ Networks network office: WIDER\n/)
  assert.match(wider.out, /\nSummary: 0 to add, 1 to change, 0 to delete\. 1 WIDER\.$/)
  assert.equal((await run(['plan', '--detailed-exitcode'])).exitCode, 5)
})

test('compares with any revision, and with files that have other names or were not there', async t => {
  const { run, write, commit, folder } = repository(t)
  mkdirSync(join(folder, 'policies', 'später'))
  write('später/more.yaml', 'kind: Accounts\nspec: { third: {} }\n')
  write('.hidden.yaml', 'no policy')
  commit('second')
  write('später/more.yaml', 'kind: Accounts\nspec: { third: {}, fourth: {} }\n')
  const first = await run(['plan', '--against', 'git:HEAD~1'])
  assert.match(first.out, /\nSummary: 2 to add, 0 to change, 0 to delete\. 2 WIDER\.$/)
  const second = await run(['plan', '--against', 'git:HEAD'])
  assert.match(second.out, /^\+ Accounts account fourth: WIDER\n[\s\S]*\nSummary: 1 to add, /)
})

test('compares with another folder', async t => {
  const { run, folder } = policyWorld(t)
  mkdirSync(join(folder, 'other'))
  writeFileSync(join(folder, 'other', 'base.yaml'), WIDER)
  const plan = await run(['plan', '--against', join(folder, 'other'), '--detailed-exitcode'])
  assert.deepEqual([plan.exitCode, plan.out.split('\n')[0]], [5, '~ Networks network office: TIGHTER'])
})

test('exits 6 when a guardrail blocks, and passes with its tag', async t => {
  const { run, write } = repository(t, BASE.replace('{ default: deny }', GUARDED))
  write('base.yaml', WIDER)
  const blocked = await run(['plan'])
  assert.equal(blocked.exitCode, 6, 'lifted and broken by one plan')
  assert.match(
    blocked.out,
    /\nBLOCKED by guardrail g \(PS-5001\): Networks network office: cidrs is WIDER; --tag reviewed/,
  )
  assert.equal((await run(['plan', '--tag', 'other'])).exitCode, 6)
  assert.equal((await run(['plan', '--tag', 'other', '--tag', 'reviewed'])).exitCode, 0)
})

test('exits 3 when recorded requests are asked for and no appliance runs', async t => {
  const { run, write } = repository(t)
  write('base.yaml', WIDER)
  const plan = await run(['plan', '--since', '1h'])
  assert.deepEqual([plan.exitCode, plan.out], [3, ''])
  assert.match(plan.err, /not running|no appliance/)
})

test('writes the plan to a file beside what it prints', async t => {
  const { run, write, folder } = repository(t)
  write('base.yaml', WIDER)
  const file = join(folder, 'plan.json')
  const plan = await run(['plan', '-o', file, '--format', 'markdown'])
  assert.match(plan.out, /^### Policy plan\n/)
  const written = JSON.parse(readFileSync(file, 'utf8'))
  assert.match(written.old.digest, /^sha256:[0-9a-f]{64}$/)
  assert.notEqual(written.old.digest, written.new.digest)
  assert.deepEqual(JSON.parse((await run(['plan', '--json'])).out), written)
})

test('exits 3 when either side does not pass the check, and says which', async t => {
  const { run, write, commit } = repository(t)
  write('more.yaml', 'kind: Accounts\nspec: { third: { markReed: true } }\n')
  const now = await run(['plan'])
  assert.deepEqual([now.exitCode, now.out], [3, ''])
  assert.match(now.err, /^error\[PS-1103\]/)
  commit('broken')
  write('more.yaml', 'kind: Accounts\nspec: { third: {} }\n')
  const before = await run(['plan'])
  assert.equal(before.exitCode, 3)
  assert.match(before.err, /^postern: git:HEAD does not pass the check/)
})

test('exits 3 and says what to do without a repository, a revision, or files in it', async t => {
  const bare = await policyWorld(t).run(['plan'])
  assert.deepEqual(
    [bare.exitCode, /git cannot read .*: not a git repository/.test(bare.err)],
    [3, true],
    bare.err,
  )
  const { run, folder } = repository(t)
  const unknown = await run(['plan', '--against', 'git:no-such-branch'])
  assert.deepEqual([unknown.exitCode, /there is no revision no-such-branch/.test(unknown.err)], [3, true])
  const option = await run(['plan', '--against', 'git:--output=x'])
  assert.deepEqual([option.exitCode, /there is no revision --output=x/.test(option.err)], [3, true])
  mkdirSync(join(folder, 'new'))
  writeFileSync(join(folder, 'new', 'base.yaml'), BASE)
  const empty = await run(['plan', '--policies', join(folder, 'new')])
  assert.deepEqual([empty.exitCode, /HEAD holds no policy files in/.test(empty.err)], [3, true], empty.err)
})

test('works within a hook, where git names the repository by itself', async t => {
  const { run, write } = repository(t)
  write('base.yaml', WIDER)
  process.env.GIT_DIR = '.git'
  t.after(() => {
    delete process.env.GIT_DIR
  })
  const plan = await run(['plan'])
  assert.deepEqual([plan.exitCode, plan.err], [0, ''])
})

test('says so where git is not installed, and compares with a folder all the same', async t => {
  const { run, folder } = repository(t)
  const path = process.env.PATH
  t.after(() => {
    process.env.PATH = path
  })
  process.env.PATH = join(folder, 'nothing')
  const revision = await run(['plan'])
  assert.equal(revision.exitCode, 3)
  assert.match(revision.err, /needs the command git: install it, or compare with a folder: --against DIR/)
  assert.equal((await run(['plan', '--against', join(folder, 'policies')])).exitCode, 0)
})

test('does not follow links within Git, and says so', async t => {
  const { run, folder, commit } = repository(t)
  symlinkSync('base.yaml', join(folder, 'policies', 'link.yaml'))
  commit('linked')
  const plan = await run(['plan'])
  assert.equal(plan.exitCode, 3)
  assert.match(plan.err, /link\.yaml is a link, which is not followed within Git/)
})
