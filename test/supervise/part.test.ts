import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PartFailure } from '../../app/supervise/processes/part.ts'
import { folderFor, isAlive, shellPart, until, watchedPart } from './world.ts'

const FOREVER = 'touch up; exec sleep 60'
/** Counts its lives in a file, and stays up only in the given one. */
const staysUpInLife = (life: number) =>
  `echo x >>lives; touch up; [ "$(wc -l <lives)" -ge ${life} ] && exec sleep 60; sleep 0.1; exit 7`
const lives = (folder: string) => readFileSync(join(folder, 'lives'), 'utf8').length / 2

test('starts, answers, and ends when it is told to', async t => {
  const { part } = watchedPart(t, shellPart(folderFor(t), FOREVER))
  await part.start()
  const { pid = 0 } = part
  assert.equal(isAlive(pid), true)
  await part.stop()
  assert.equal(isAlive(pid), false)
})

test('a part that ends before it answers fails with its own exit code', async t => {
  const { part, seen } = watchedPart(t, shellPart(folderFor(t), 'exit 78'))
  await assert.rejects(part.start(), (error: unknown) => {
    assert.ok(error instanceof PartFailure)
    assert.equal(error.exitCode, 78)
    assert.match(error.message, /thing ended with code 78/)
    return true
  })
  assert.deepEqual(seen.givenUp, [])
})

test('a program that is not there fails at once, not when the time for an answer is over', async t => {
  const { part } = watchedPart(t, shellPart(folderFor(t), '', { command: '/nonexistent/program' }))
  const startedAt = performance.now()
  await assert.rejects(part.start(), /thing cannot be started: .*ENOENT/)
  assert.ok(performance.now() - startedAt < 2_000)
})

test('a part that gives no answer in time is ended', async t => {
  const folder = folderFor(t)
  const { part, clock } = watchedPart(t, shellPart(folder, 'exec sleep 60'))
  const starting = part.start()
  const { pid = 0 } = part
  clock.now += 10_001
  await assert.rejects(starting, /gave no answer within 10 s/)
  assert.equal(isAlive(pid), false)
})

test('a part that is killed is started again as another process', async t => {
  const { part, seen } = watchedPart(t, shellPart(folderFor(t), FOREVER))
  await part.start()
  const { pid = 0 } = part
  process.kill(pid, 'SIGKILL')
  await until('a restart', () => seen.restarts === 1)
  assert.notEqual(part.pid, pid)
  assert.equal(isAlive(part.pid ?? 0), true)
  assert.deepEqual(seen.told, ['thing was ended by SIGKILL; starting it again in 160 ms'])
})

test('deaths during a restart count too, and the one life that holds is enough', async t => {
  const folder = folderFor(t)
  const { part, seen } = watchedPart(t, shellPart(folder, staysUpInLife(4)))
  await part.start()
  await until('the fourth life', () => lives(folder) === 4)
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(isAlive(part.pid ?? 0), true)
  assert.deepEqual(seen.givenUp, [])
  assert.deepEqual(
    seen.told.map(sentence => /in (\d+) ms/.exec(sentence)?.[1]),
    ['160', '320', '640'],
  )
})

test('is given up after five short lives, with the last reason and code', async t => {
  const folder = folderFor(t)
  const { part, seen } = watchedPart(t, shellPart(folder, staysUpInLife(99)))
  await part.start()
  await until('giving up', () => seen.givenUp.length > 0)
  assert.deepEqual(seen.givenUp, [
    { reason: 'could not stay up for a minute 5 times in a row (last: ended with code 7)', exitCode: 7 },
  ])
  assert.equal(lives(folder), 5)
})

test('a life of a minute makes the count begin anew', async t => {
  const folder = folderFor(t)
  const { part, seen, clock } = watchedPart(t, shellPart(folder, FOREVER))
  await part.start()
  for (let restart = 1; restart <= 6; restart++) {
    clock.now += 60_000
    process.kill(part.pid ?? 0, 'SIGKILL')
    await until(`restart ${restart}`, () => seen.restarts === restart)
  }
  assert.deepEqual(seen.givenUp, [])
  assert.deepEqual(new Set(seen.told), new Set(['thing was ended by SIGKILL; starting it again at once']))
})

test('a part that says 78 in a restart is given up at once: a person must change something', async t => {
  const folder = folderFor(t)
  const { part, seen } = watchedPart(
    t,
    shellPart(folder, '[ -e broken ] && exit 78; touch up; exec sleep 60'),
  )
  await part.start()
  writeFileSync(join(folder, 'broken'), '')
  process.kill(part.pid ?? 0, 'SIGKILL')
  await until('giving up', () => seen.givenUp.length > 0)
  assert.equal(seen.givenUp[0]?.exitCode, 78)
  assert.match(seen.givenUp[0]?.reason ?? '', /must be changed/)
})

test('stopped while it starts, or while it waits to start again, it leaves no process behind', async t => {
  const starting = watchedPart(t, shellPart(folderFor(t), 'exec sleep 60'))
  const start = starting.part.start()
  await starting.part.stop()
  await assert.rejects(start, PartFailure)
  assert.equal(isAlive(starting.part.pid ?? 0), false)

  const folder = folderFor(t)
  const waiting = watchedPart(t, shellPart(folder, `echo x >>lives; ${FOREVER}`))
  await waiting.part.start()
  process.kill(waiting.part.pid ?? 0, 'SIGKILL')
  await until('the announcement', () => waiting.seen.told.length === 1)
  await waiting.part.stop()
  await new Promise(resolve => setTimeout(resolve, 400))
  assert.equal(lives(folder), 1)
})
