import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AppRig, type Arrived, startAppRig } from './app-rig.ts'
import { type Ask, ask, type Group, hashOf, KEY, type Told } from './callers/ask.ts'
import { bodyGroups } from './callers/bodies.ts'
import { certificateGroups } from './callers/certificates.ts'
import { claimGroups, methodGroups, shapeGroups } from './callers/claims.ts'
import { connectionTests, handshakeTests } from './callers/edge.ts'
import { guessTests } from './callers/guesses.ts'
import { pathGroups, pathTests } from './callers/paths.ts'
import { revocationTests } from './callers/revocation.ts'
import { slowBodyTests } from './callers/slow-bodies.ts'

/** Real Caddy, real app, one of each for everything here. */
let rig: AppRig
before(async () => {
  rig = await startAppRig({ portBase: 27_700, secrets: { 'secret:key-reports': hashOf(KEY) } })
})
after(() => rig.stop())

const tell = (asked: Ask): Promise<Told> => ask(rig, rig.honest, asked)

/** What the edge alone answers: the app is not to see such a request at all. Of a body that does not say that it is too large it sees the beginning. */
const BY_THE_EDGE = /^(closed|\d{3}|\d{3} edge\.4(?!13)\d\d)$/

test('every refusal, each beside the request that differs in that one thing and is let in', async t => {
  const groups = [
    ...(await certificateGroups(rig)),
    ...claimGroups(),
    ...methodGroups(),
    ...shapeGroups(),
    ...pathGroups(),
    ...bodyGroups(),
  ]
  for (const group of groups) {
    if (group.cases.length > 1) await t.test(`${group.name}: let in before`, () => letIn(group))
    for (const [name, change, want] of group.cases) {
      await t.test(`${group.name}: ${name}`, async () => {
        const { told, arrived } = await tell({ ...group.base, ...change })
        if (typeof want === 'string') assert.equal(told, want)
        else assert.match(told, want)
        if (BY_THE_EDGE.test(told)) assert.deepEqual(arrived, [], 'the app saw it')
      })
    }
    await t.test(`${group.name}: let in after`, () => letIn(group))
  }
  const count = groups.flatMap(({ cases }) => cases).length
  t.diagnostic(`${count} refusals`)
  assert.ok(count >= 120)
})

/** The twin of a group's refusals: let in, and seen by the app as it was sent, with the claims of nobody but the edge. */
async function letIn({ base, allowed }: Group): Promise<void> {
  const { told, arrived } = await tell(base)
  assert.equal(told, allowed)
  const [seen, ...more] = arrived
  assert.ok(seen !== undefined && more.length === 0)
  assert.equal(seen.url, base.path ?? '/v1/whoami')
  assert.ok(!/forged|Zm9yZ2Vk/i.test(JSON.stringify(seen.headers)))
  const { site = 'api' } = base
  assert.equal(headerOf(seen, 'postern-site'), site)
  assert.equal(headerOf(seen, 'postern-remote-ip'), base.from ?? '127.0.0.1')
  assert.equal(headerOf(seen, 'postern-basic-user'), site === 'dashboard' ? 'oncall' : undefined)
  const der = (base.client ?? rig.honest).cert.replace(/-----[^-]+-----|\s/g, '')
  assert.equal(headerOf(seen, 'client-cert'), site === 'api' ? `:${der}:` : undefined)
}

function headerOf({ headers }: Arrived, name: string): string | undefined {
  const values = headers.filter((_, n) => n % 2 === 1 && headers[n - 1]?.toLowerCase() === name)
  return values.length === 0 ? undefined : values.join(', ')
}

pathTests(() => rig)
handshakeTests(() => rig)
connectionTests(() => rig)
slowBodyTests(() => rig)
revocationTests(() => rig)
guessTests(() => rig)
