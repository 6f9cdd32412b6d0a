import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { askControl } from '../../app/cli/control.ts'
import { policyCommand } from '../../app/cli/policy/policy.ts'
import { loadConfig } from '../../app/config/config.ts'
import { SYSTEM } from '../../app/model/audit.ts'
import { type Body, type RunningHttp, startHttp } from '../http/running-http.ts'
import { runCommand } from './running.ts'

const TO = '+12025550120'
let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const path = '/v1/accounts/main/messages'
const policyFile = () => join(http.dataDir, 'policies', 'policy.yaml')

/** `./postern policy …` on the folder and the appliance of this test. */
async function policy(...args: string[]) {
  const configure = () => {
    const flags = { data: http.dataDir, policies: join(http.dataDir, 'policies') }
    const loaded = loadConfig({ env: {}, root: '/', flags })
    assert.ok(loaded.kind === 'loaded')
    return loaded.config
  }
  const deps = { configure, now: () => new Date(), validateEdge: async () => ({ ok: true }) as const }
  return await runCommand(() => policyCommand(deps), http.dataDir, args)
}

const send = (as: string, to = TO) => http.ask({ path, as, body: { to, text: { body: 'hello' } } })
const explain = (body: object, as = 'billing') => http.ask({ path: '/v1/policy/explain', as, body })

describe('POST /v1/policy/explain', () => {
  for (const { name, words, flags } of [
    {
      name: 'a send that is allowed',
      words: {
        principal: 'service:narrow',
        action: 'messages.send',
        account: 'main',
        to: TO,
        type: 'text',
        network: 'loopback',
      },
      flags: [
        '--as',
        'service:narrow',
        '--account',
        'main',
        '--to',
        TO,
        '--type',
        'text',
        '--network',
        'loopback',
      ],
    },
    {
      name: 'one that misses its rule by the recipient alone',
      words: {
        principal: 'narrow',
        account: 'main',
        to: '+33612345678',
        ip: '127.0.0.1',
        purpose: 'billing',
      },
      flags: [
        '--as',
        'narrow',
        '--account',
        'main',
        '--to',
        '+33612345678',
        '--ip',
        '127.0.0.1',
        '--purpose',
        'billing',
      ],
    },
    {
      name: 'a stranger',
      words: { principal: 'nobody', action: 'policy.read', at: '2026-11-23T10:00:00Z' },
      flags: ['--as', 'nobody', '--action', 'policy.read', '--at', '2026-11-23T10:00:00Z'],
    },
  ]) {
    test(`says the same as the command does: ${name}`, async () => {
      const answer = await explain(words)
      assert.equal(answer.status, 200, answer.json.detail)
      assert.deepEqual(answer.json, JSON.parse((await policy('explain', ...flags, '--json')).out))
    })
  }

  test('decides for whom it is asked, and not for who asks', async () => {
    const { json } = await explain({
      principal: 'narrow',
      account: 'main',
      to: '+33612345678',
      ip: '127.0.0.1',
    })
    assert.deepEqual([json.effect, json.by], ['deny', 'default'])
    assert.deepEqual(json.near_misses, [
      { rule: 'narrow-sends-to-the-us', failed: 'when.recipients.prefixes' },
    ])
  })

  test('needs policy.read, and understands every word', async () => {
    assert.equal((await explain({ principal: 'narrow' }, 'narrow')).status, 403)
    assert.equal((await explain({ principal: 'narrow' })).status, 200)
    for (const body of [
      {},
      { principal: 'a', actoin: 'x' },
      { principal: 'a', size: -1 },
      { principal: 'a', at: 'now' },
    ]) {
      assert.equal((await explain(body)).status, 422, JSON.stringify(body))
    }
  })
})

describe('a recorded decision', () => {
  test('is what a 403 names, and is explained to the owner and to who may read the policy', async () => {
    const refused = await send('narrow', '+33612345678')
    assert.equal(refused.status, 403)
    const id = refused.json.decision
    const shown = JSON.parse((await policy('explain', id, '--json')).out)
    assert.deepEqual([shown.effect, shown.by, shown.decision, shown.revision], ['deny', 'default', id, 'r7'])
    assert.deepEqual([shown.request.principal, shown.request.to], ['narrow', '+33612345678'])
    const step = shown.trace.find(({ rule }: { rule: string }) => rule === 'narrow-sends-to-the-us')
    assert.deepEqual([step.matched, step.failed], [false, ['when.recipients.prefixes']])
    const text = (await policy('explain', id)).out
    assert.match(text, /^DENY {2}messages\.send {2}narrow -> \+33612345678 via main/m)
    const { json } = await explain({ decision: id })
    assert.deepEqual(
      [json.by, (json.request as Body).to],
      ['default', undefined],
      'no number over the network',
    )
    assert.equal((await explain({ decision: id }, 'narrow')).status, 403)
  })

  test('is one of what was let through as well', async () => {
    const { json } = await send('narrow')
    const shown = JSON.parse((await policy('explain', json.decision, '--json')).out)
    assert.deepEqual([shown.effect, shown.by], ['allow', 'narrow-sends-to-the-us'])
  })

  test('is told apart from one that nobody made', async () => {
    assert.equal((await explain({ decision: 'dec_nothing' })).status, 404)
    await assert.rejects(policy('explain', 'dec_nothing'), { code: 'control.refused' })
  })

  test('is listed with its recipient to the owner of the machine, and to nobody else', async () => {
    const listed = '/v1/policy/decisions?limit=200'
    assert.equal((await http.ask({ path: listed, as: 'billing' })).status, 404)
    const { body } = await askControl({ dataDir: http.dataDir }, { path: listed })
    assert.ok((body as Body).data.some(({ request }) => (request as Body).to === TO))
  })
})

describe('policy replay', () => {
  test('finds nothing when the files say the same, and each flip when they do not', async () => {
    await send('narrow')
    const same = await policy('replay', '--since', '1h', '--detailed-exitcode')
    assert.equal(same.code, 0, same.out)
    assert.match(same.out, /^\d+ recorded requests since .*: none would be decided otherwise$/)

    const text = readFileSync(policyFile(), 'utf8')
    writeFileSync(
      policyFile(),
      text.replace(
        'when: { recipients: { prefixes: ["+1"] } }',
        'when: { recipients: { prefixes: ["+33"] } }',
      ),
    )
    const flipped = await policy('replay', '--since', '1h', '--detailed-exitcode')
    assert.equal(flipped.code, 5)
    assert.match(
      flipped.out,
      /narrow messages\.send on main: allow by narrow-sends-to-the-us -> deny by default \(2 requests\)/,
    )
    assert.match(flipped.out, /deny by default -> allow by narrow-sends-to-the-us \(1 request\)/)
    const json = JSON.parse((await policy('replay', '--since', '1h', '--json')).out)
    assert.equal(json.flips.length, 2)
    assert.ok(!JSON.stringify(json).includes(TO), 'whom they went to is not said')
    const live = await policy('plan', '--against', 'live', '--since', '1h')
    assert.match(
      live.out,
      /^~ Access rule narrow-sends-to-the-us: WIDER, TIGHTER\n[\s\S]*\n {4}= 2 recorded requests that it allowed would be refused\.\n/,
    )
    assert.match(
      live.out,
      /\n {4}narrow messages\.send on main: allow by narrow-sends-to-the-us -> deny by default \(2 requests\)\n/,
    )
    const planned = JSON.parse((await policy('plan', '--against', 'live', '--json')).out)
    assert.equal(Date.now() - Date.parse(planned.replayed.since) >= 24 * 3_600_000, true, 'the last day')
    assert.equal(planned.replayed.flips.length, 2)
    const before = join(http.dataDir, 'before')
    mkdirSync(before)
    writeFileSync(join(before, 'policy.yaml'), text)
    assert.doesNotMatch(
      (await policy('plan', '--against', before)).out,
      /recorded/,
      'only where it is asked for',
    )
    assert.match(
      (await policy('plan', '--against', before, '--since', '1h')).out,
      /= 2 recorded requests that it/,
    )
    assert.equal((await policy('plan', '--against', 'live', '--since', 'yesterday')).code, 2)
    const none = JSON.parse((await policy('replay', '--since', '1ms', '--json')).out)
    assert.deepEqual([none.requests, none.flips], [0, []])

    writeFileSync(policyFile(), text.replace('effect: allow', 'effect: alow'))
    assert.equal((await policy('replay')).code, 3)
    assert.equal((await policy('replay', '--since', 'yesterday')).code, 2)
    writeFileSync(policyFile(), text)
  })

  test('holds a limit against no policy: the rules are what is decided again', async () => {
    const { limits } = http.policySwitch.current().snapshot
    const none = { name: 'none', key: ['account'], count: 1, periodMs: 3_600_000, burst: 0 } as const
    http.setPolicy({ limits: new Map([['none', { ...none, onExceed: 'reject' }]]) })
    const limited = await send('narrow')
    http.setPolicy({ limits })
    assert.equal(limited.status, 429)
    assert.equal((await policy('replay', '--detailed-exitcode')).code, 0)
  })
})

test('a decision is explained under the policy that made it, as long as that is kept', async () => {
  const { json } = await send('narrow')
  const text = readFileSync(policyFile(), 'utf8')
  const closed = text.replace('id: narrow-sends-to-the-us', 'id: another-name')
  const applied = await http.policySwitch.activate([{ name: 'policy.yaml', text: closed }], {
    by: SYSTEM,
    reason: 'apply',
  })
  assert.equal(applied.kind, 'applied', JSON.stringify(applied))
  const shown = JSON.parse((await policy('explain', json.decision, '--json')).out)
  assert.equal(shown.policy, shown.decided_under)
  assert.ok(shown.trace.some(({ rule }: { rule: string }) => rule === 'narrow-sends-to-the-us'))
  assert.equal((await send('narrow')).json.status, 'queued')
})
