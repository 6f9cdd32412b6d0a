import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { contactCommand } from '../../app/cli/contact.ts'
import { newId } from '../../app/lib/ids.ts'
import type { Rule } from '../../app/policy/snapshot.ts'
import { type RunningHttp, startHttp } from '../http/running-http.ts'
import * as samples from '../media/samples.ts'
import { runCommand } from './running.ts'

const ALICE = '+12025550111'
const GIVEN = ['--purpose', 'billing', '--granted-at', '2026-01-10T09:00:00Z', '--evidence', 'form 7']
let http: RunningHttp
before(async () => {
  http = await startHttp()
  const { rules } = http.policySwitch.current().snapshot
  const reads = { id: 'reads', effect: 'allow', principals: ['narrow'], actions: ['contacts.read'], when: {} }
  http.setPolicy({ rules: [...rules, reads as Rule] })
})
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

const contact = (...args: string[]) => runCommand(contactCommand, http.dataDir, args)
const files = () => readdirSync(join(http.dataDir, 'media'))

/** A text and a picture to a contact that wait, and one that it wrote; answers their ids. */
async function acquainted(phone: string, body: string): Promise<string[]> {
  const path = '/v1/accounts/main/messages'
  const media = {
    path: '/v1/accounts/main/media',
    as: 'billing',
    body: samples.png(91, Number(phone.slice(-2))),
  }
  const { id } = (await http.ask(media)).json
  const sent = []
  for (const message of [{ text: { body } }, { type: 'image', image: { id, caption: body } }])
    sent.push((await http.ask({ path, as: 'billing', body: { to: phone, ...message } })).json.id)
  const at = new Date()
  const wrote = newId('msg', at)
  await http.store.messages.import([
    {
      ...{
        id: wrote,
        account: 'main',
        direction: 'in',
        chat: phone,
        from: phone,
        messageId: wrote,
        attemptCount: 1,
      },
      ...{ status: 'received', content: { type: 'text', text: { body } }, createdAt: at, timeline: [] },
    },
  ])
  return [...sent, wrote]
}

test('export prints all of it, a line for each, and show says what is agreed', async () => {
  const [bob, word] = ['+12025550112', 'a word of export']
  await consent(bob, 'grant', ...GIVEN)
  const ids = await acquainted(bob, word)
  assert.match((await contact('show', bob)).out, /billing .*valid/)
  const { out, err } = await contact('export', bob.slice(1))
  const lines = out.split('\n').map(line => JSON.parse(line))
  const [about] = lines
  assert.deepEqual([about.contact.phone, about.contact.consents[0].evidence], [bob, 'form 7'])
  const messages = lines.filter(({ kind }) => kind === 'message').map(({ message }) => message)
  assert.deepEqual(messages.map(({ id }) => id).sort(), ids.sort())
  assert.ok(lines.some(({ kind, event }) => kind === 'event' && event.data.to === bob))
  assert.match(err, new RegExp(`^postern: ${lines.length} lines$`))
  assert.ok(out.split(word).length > 3)
  assert.doesNotMatch((await contact('export', '+12025550199')).out, /"kind":"message"/)
})

test('erase does it when it is meant, and only then: what waits is cancelled, words and files are gone', async () => {
  const [carol, word] = ['+12025550113', 'a word to forget']
  const ids = await acquainted(carol, word)
  const count = files().length
  assert.equal((await contact('erase', carol)).code, 2)
  assert.match((await contact('export', carol)).out, new RegExp(word))
  const { out } = await contact('erase', carol, '--yes')
  assert.match(out, /^\+12025550113: erased 3 messages, \d+ events, \d+ decisions, 1 files/)
  assert.equal((await contact('export', carol)).out.includes(word), false)
  for (const id of ids) assert.equal((await http.store.messages.get('main', id))?.content.type, 'removed')
  assert.equal((await http.store.messages.get('main', ids[0] ?? ''))?.status, 'cancelled')
  assert.equal(files().length, count - 1)
  const { items } = await http.store.audit.list({ limit: 1_000, action: 'privacy.manage' })
  assert.deepEqual([items.at(-1)?.principal, items.at(-1)?.detail?.operation], ['system', 'export'])
  assert.ok(items.some(({ detail }) => detail?.operation === 'erase' && detail.messages === 3))
  assert.doesNotMatch(JSON.stringify(items), /2025550113/)
})

test('while something that names the contact waits, all else is erased, which the chain says, and the rest when it has left', async () => {
  const dave = '+12025550114'
  const erasures = async () => {
    const { items } = await http.store.audit.list({ limit: 1_000, action: 'privacy.manage' })
    return items.filter(({ detail }) => detail?.operation === 'erase').length
  }
  const messages = '/v1/accounts/main/messages'
  const status = { to: 'status', audience: [dave], text: { body: 'for some' } }
  const { id } = (await http.ask({ path: messages, as: 'billing', body: status })).json
  const erase = () =>
    http.ask({ path: `/v1/contacts/${encodeURIComponent(dave)}`, method: 'DELETE', as: 'billing' })
  const before = await erasures()
  assert.equal((await erase()).status, 409)
  assert.equal(await erasures(), before + 1)
  assert.deepEqual((await http.store.messages.get('main', id))?.audience, [dave])
  await http.ask({ path: `${messages}/${id}`, method: 'DELETE', as: 'billing' })
  assert.equal((await erase()).status, 200)
  assert.deepEqual((await http.store.messages.get('main', id))?.audience, ['erased'])
})

test('what is stored about a contact is for those alone whom a rule lets manage that', async () => {
  const [path, own] = [`/v1/contacts/${encodeURIComponent(ALICE)}`, '/v1/contacts/+12025550100']
  for (const [call, status] of [
    [{ path: `${path}/export`, method: 'POST', as: 'narrow' }, 403],
    [{ path, method: 'DELETE', as: 'narrow' }, 403],
    [{ path: `${path}/consent`, as: 'narrow' }, 200],
    [{ path: `${path}/export`, method: 'POST', as: 'billing' }, 200],
    [{ path: `${path}/export?after=nowhere:1`, method: 'POST', as: 'billing' }, 422],
    [{ path: '/v1/contacts/nobody', method: 'DELETE', as: 'billing' }, 422],
    [{ path: own.replace('+', '%2B'), method: 'DELETE', as: 'billing' }, 409],
    [{ path, method: 'DELETE', as: 'billing' }, 200],
  ] as const) {
    const answer = await http.ask(call)
    assert.equal(answer.status, status, `${call.path} ${answer.bytes}`)
  }
})
