import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { contactCommand } from '../../app/cli/contact.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import { runCommand } from './running.ts'

const ALICE = '+12025550111'
const GIVEN = ['--purpose', 'billing', '--granted-at', '2026-01-10T09:00:00Z', '--evidence', 'form 7']
let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const consent = (...args: string[]) => runCommand(contactCommand, http.dataDir, ['consent', ...args])

test('consent shows, grants and withdraws, by a number with or without +', async () => {
  assert.match((await consent(ALICE)).out, /has not opted out\nno consents$/)
  const granted = await consent(ALICE, 'grant', ...GIVEN)
  assert.match(granted.out, /billing {2,}2026-01-10T09:00:00.000Z {2,}yes {2,}valid/)
  await consent(ALICE, 'grant', '--purpose', 'service')
  assert.match((await consent(ALICE.slice(1), 'withdraw', '--purpose', 'billing')).out, /billing .*withdrawn/)
  const { consents } = JSON.parse((await consent(ALICE, 'show', '--json')).out)
  assert.deepEqual(
    consents.map(({ purpose, valid }: { purpose: string; valid: boolean }) => [purpose, valid]),
    [
      ['billing', false],
      ['service', true],
    ],
  )
  assert.doesNotMatch((await consent(ALICE, 'withdraw')).out, / valid/)
})

test('consent says that a contact has opted out, and what is wrong with what it was told', async () => {
  const optOut = { contact: ALICE, to: 'opted-out', at: new Date(), effects: {} } as const
  await http.store.contacts.grant({ ...optOut, consent: { purpose: 'service' }, lift: optOut })
  assert.match((await consent(ALICE)).out, /opted out at \d{4}-/)
  await assert.rejects(consent('nobody'), /phone number in international form/)
  await assert.rejects(consent(ALICE, 'grant'), /\$\.purpose is missing/)
})
