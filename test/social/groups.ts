import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CONTACT, OURS, until } from '../whatsapp/rig.ts'
import type { How, World } from './world.ts'

const CAROL = '+12025550103'
const NOBODY = '+12025550199'
const ELSEWHERE = '120363999999999999@g.us'
type People = readonly { readonly participant: string; readonly role?: string; readonly done?: boolean }[]

const CHANGES: readonly (readonly [object, object])[] = [
  [{ subject: 'Coffee' }, { subject: 'Coffee' }],
  [{ description: '' }, { description: null }],
  [{ description: 'At four' }, { description: 'At four' }],
  [
    { announcement: true, locked: true },
    { announcement: true, locked: true },
  ],
  [{ approval: true }, { approval: true }],
  [{ add_mode: 'admin_add' }, { add_mode: 'admin_add' }],
  [{ ephemeral_seconds: 86_400 }, { ephemeral_seconds: 86_400 }],
  [
    { announcement: false, locked: false, approval: false, add_mode: 'all_member_add', ephemeral_seconds: 0 },
    { announcement: false, locked: false, approval: false, add_mode: 'all_member_add', ephemeral_seconds: 0 },
  ],
]

const FAULTS: readonly (readonly [string, How, number, string])[] = [
  ['groups', { body: {} }, 422, '$.subject'],
  ['groups', { body: { subject: '' } }, 422, '$.subject'],
  ['groups', { body: { subject: 'x'.repeat(101) } }, 422, '$.subject'],
  ['groups', { body: { subject: 'half \ud800' } }, 422, '$.subject'],
  ['groups', { body: { subject: 'x', participants: [CAROL, 'nobody'] } }, 422, '$.participants[1]'],
  ['groups', { body: { subject: 'x', participants: [ELSEWHERE] } }, 422, '$.participants[0]'],
  ['groups', { body: { subject: 'x', participants: Array(501).fill(CAROL) } }, 422, '$.participants'],
  ['groups', { body: { subject: 'x', community: '1@g.us' } }, 422, '$.community'],
  ['groups', { body: { subject: 'x', is_community: true, participants: [CAROL] } }, 422, '$.participants'],
  ['groups', { body: { subjekt: 'x' } }, 422, '$.subjekt'],
  ['groups?limit=0', {}, 422, 'limit'],
  ['groups/join', { body: { code: 'no code' } }, 422, '$.code'],
  ['groups/join', { body: { code: 'a'.repeat(16), group: ELSEWHERE } }, 422, '$.from'],
  ['groups/G', { method: 'PATCH', body: {} }, 422, '$'],
  ['groups/G', { method: 'PATCH', body: { add_mode: 'everybody' } }, 422, '$.add_mode'],
  ['groups/G', { method: 'PATCH', body: { ephemeral_seconds: 1 } }, 422, '$.ephemeral_seconds'],
  ['groups/G', { method: 'PATCH', body: { picture: 'bm8gcGljdHVyZQ==' } }, 422, '$.picture'],
  ['groups/G', { method: 'PATCH', body: { picture: '?' } }, 422, '$.picture'],
  ['groups/G/participants', { body: { action: 'ban', participants: [CAROL] } }, 422, '$.action'],
  ['groups/G/participants', { body: { action: 'add', participants: [] } }, 422, '$.participants'],
]

let world: World
let group = ''

const atWhatsApp = () => world.rig.phones.get(`/groups/${group}`)
const members = async () => (await world.ask(`groups/${group}`)).json.participants as People

function testsOfSettings(): void {
  test('a group is made with its people, and every phone has it', async () => {
    const { subject, description, participants } = await atWhatsApp()
    assert.deepEqual([subject, description], ['Tea', 'Every day'])
    assert.deepEqual(
      (participants as { number: string }[]).map(({ number }) => number),
      [OURS, CONTACT, CAROL],
    )
    const { json } = await world.ask(`groups/${group}`)
    assert.deepEqual([json.chat, json.owner, json.size], [group, OURS, 3])
    assert.deepEqual(json.participants, [
      { participant: OURS, role: 'superadmin' },
      { participant: CONTACT, role: 'member' },
      { participant: CAROL, role: 'member' },
    ])
  })

  test('a group tells who is behind the LIDs of its members', async () => {
    const { lid } = await world.rig.phones.get(`/phones/${CAROL}`)
    await members()
    assert.equal(await world.rig.store.contacts.nameOf(`${lid}@lid`), CAROL)
  })

  test('every setting is changed, answered as it is then, and told as an event of others alone', async () => {
    for (const [body, want] of CHANGES) {
      const { status, json } = await world.ask(`groups/${group}`, { method: 'PATCH', body })
      assert.equal(status, 200, JSON.stringify(json))
      for (const [member, value] of Object.entries(want)) assert.equal(json[member], value, member)
    }
    const { subject, announcement, locked } = await atWhatsApp()
    assert.deepEqual([subject, announcement, locked], ['Coffee', false, false])
  })

  test('people rise, fall, go and come, and each has an answer of their own', async () => {
    const change = async (action: string, ...participants: string[]) => {
      const answer = await world.ask(`groups/${group}/participants`, { body: { action, participants } })
      assert.equal(answer.status, 200, JSON.stringify(answer.json))
      return (answer.json.data as unknown as People).map(({ participant, done }) => [participant, done])
    }
    assert.deepEqual(await change('promote', CAROL), [[CAROL, true]])
    assert.ok((await members()).some(({ participant, role }) => participant === CAROL && role === 'admin'))
    assert.deepEqual(await change('demote', CAROL), [[CAROL, true]])
    assert.deepEqual(await change('remove', CAROL, NOBODY), [
      [CAROL, true],
      [NOBODY, false],
    ])
    assert.deepEqual(await change('add', CAROL, CONTACT), [
      [CAROL, true],
      [CONTACT, false],
    ])
    assert.equal((await members()).length, 3)
  })
}

function testsOfInvites(): void {
  test('who wants no more messages is put into no group; who has said nothing of it is', async () => {
    const optOut = { contact: NOBODY, to: 'opted-out', at: new Date(), effects: {} } as const
    await world.http.store.contacts.grant({ ...optOut, consent: { purpose: 'x' }, lift: optOut })
    for (const { path, body } of [
      { path: 'groups', body: { subject: 'Not them', participants: [CONTACT, NOBODY] } },
      { path: `groups/${group}/participants`, body: { action: 'add', participants: [CAROL, NOBODY] } },
    ]) {
      const { status, json } = await world.ask(path, { body })
      assert.deepEqual([status, json.code, json.errors[0].path], [403, 'denied', '$.participants[1]'])
    }
  })

  test('an invite link is shown, made anew and followed, as a code and as a link', async () => {
    const { phones } = world.rig
    const theirs = await phones.post('/groups', {
      subject: 'Theirs',
      participants: [CAROL],
      creator: CONTACT,
    })
    const join = (code: unknown) => world.ask('groups/join', { body: { code } })
    const joined = await join(`https://chat.whatsapp.com/${theirs.invite}`)
    assert.deepEqual([joined.status, joined.json.group, joined.json.status], [200, theirs.id, 'joined'])
    assert.equal((await join(theirs.invite)).json.code, 'conflict', 'is in it already')
    assert.equal((await world.ask(`groups/${theirs.id}/invite`)).json.code, 'whatsapp-refused', 'no admin')
    assert.equal((await world.ask(`groups/${theirs.id}`, { method: 'DELETE' })).json.left, true)
    assert.equal((await join('NeverWasOneOfThem')).status, 404)
    const first = await world.ask(`groups/${group}/invite`)
    assert.equal(first.json.url, `https://chat.whatsapp.com/${first.json.code}`)
    const second = await world.ask(`groups/${group}/invite`, { method: 'DELETE' })
    assert.notEqual(second.json.code, first.json.code)
    assert.equal((await atWhatsApp()).invite, second.json.code)
  })

  test('who asks to be let in is listed, and let in or turned away', async () => {
    const { phones } = world.rig
    await world.ask(`groups/${group}`, { method: 'PATCH', body: { approval: true } })
    for (const [number, action, size] of [
      ['+12025550104', 'approve', 4],
      ['+12025550105', 'reject', 4],
    ] as const) {
      await phones.post('/phones', { number })
      await phones.post(`/phones/${number}/join`, { code: (await atWhatsApp()).invite })
      const { json } = await world.ask(`groups/${group}/requests`)
      assert.deepEqual(
        (json.data as unknown as People).map(({ participant }) => participant),
        [number],
      )
      const body = { action, participants: [number] }
      const decided = await world.ask(`groups/${group}/participants`, { body })
      assert.deepEqual(decided.json.data, [{ participant: number, done: true }])
      assert.equal((await members()).length, size)
    }
  })
}

function testsOfLists(): void {
  test('an account asks to be let in where admins have to agree, and takes up an invitation of its own', async () => {
    const { phones } = world.rig
    const theirs = await phones.post('/groups', {
      subject: 'Closed',
      participants: [CAROL],
      creator: CONTACT,
    })
    await phones.patch(`/groups/${theirs.id}`, { approval: true })
    const asked = await world.ask('groups/join', { body: { code: theirs.invite } })
    assert.deepEqual([asked.json.group, asked.json.status], [null, 'requested'])
    const body = {
      group: theirs.id,
      code: 'WrongInvitation',
      from: CONTACT,
      expires_at: '2099-01-01T00:00:00Z',
    }
    assert.equal((await world.ask('groups/join', { body })).status, 404)
  })

  test('a community is made, and groups in it', async () => {
    const made = await world.ask('groups', { body: { subject: 'The street', is_community: true } })
    assert.deepEqual([made.status, made.json.is_community], [201, true])
    const body = { subject: 'The garden', community: made.json.id, participants: [CONTACT] }
    const inside = await world.ask('groups', { body })
    assert.deepEqual([inside.status, inside.json.community], [201, made.json.id], JSON.stringify(inside.json))
  })

  test('groups are listed a page at a time, each once', async () => {
    const seen: string[] = []
    let cursor: unknown = ''
    do {
      const after = cursor === '' ? '' : `&after=${encodeURIComponent(String(cursor))}`
      const { status, json } = await world.ask(`groups?limit=1${after}`)
      assert.equal(status, 200)
      seen.push(...json.data.map(({ id }) => id))
      cursor = json.next
    } while (cursor !== null)
    assert.ok(seen.includes(group) && seen.length >= 3)
    assert.deepEqual(seen, [...new Set(seen)])
    const whole = await world.ask('groups')
    assert.deepEqual(
      whole.json.data.map(({ id }) => id),
      seen,
    )
    assert.equal(whole.json.data[0].participants, undefined)
  })
}

function testsOfRefusals(): void {
  test('what is wrong with a request is told with its place', async () => {
    for (const [path, how, status, at] of FAULTS) {
      const answer = await world.ask(path.replace('G', group), how)
      const errors = answer.json.errors ?? []
      const told = `${path} ${JSON.stringify(how).slice(0, 80)}: ${answer.bytes.toString()}`
      assert.deepEqual([answer.status, errors.some(error => error.path === at)], [status, true], told)
    }
  })

  test('what does not exist, what is no group, and what WhatsApp refuses each have their answer', async () => {
    assert.equal((await world.ask(`groups/${ELSEWHERE}`)).status, 404)
    assert.equal((await world.ask('groups/nothing')).json.code, 'invalid-recipient')
    assert.equal((await world.ask(`groups/${encodeURIComponent(CAROL)}`)).json.code, 'invalid-recipient')
    assert.equal((await world.ask(`groups/${group}`, { method: 'PUT', body: {} })).status, 405)
    await world.rig.phones.post('/faults', { kind: 'query-overlimit' })
    const limited = await world.ask('groups')
    assert.deepEqual([limited.status, limited.headers['retry-after']], [429, '60'])
    const paused = await world.http.ask({ path: '/v1/accounts/spare/groups', as: 'billing' })
    assert.equal(paused.status, 404)
  })

  test('rules decide who sees which groups, and who changes them', async () => {
    const asNarrow = (path: string, how: How = {}) => world.ask(path, { ...how, as: 'narrow' })
    assert.equal((await asNarrow(`groups/${group}`)).status, 200)
    assert.equal((await asNarrow('groups')).status, 403, 'no single group')
    const changed = await asNarrow(`groups/${group}`, { method: 'PATCH', body: { subject: 'Mine' } })
    assert.equal(changed.status, 403)
  })

  test('the audit chain has every deed, and nobody’s number', async () => {
    const { items } = await world.http.store.audit.list({ limit: 500, action: 'groups.write' })
    const done = items.filter(({ decision }) => decision === 'done').map(({ detail }) => detail?.operation)
    for (const operation of ['create', 'change', 'promote', 'remove', 'add', 'leave', 'join', 'reset-invite'])
      assert.ok(done.includes(operation), operation)
    assert.doesNotMatch(JSON.stringify(items), new RegExp(`${CAROL.slice(1)}|${CONTACT.slice(1)}|@g\\.us`))
  })

  test('leaving is told, and the group is gone for the account', async () => {
    assert.equal((await world.ask(`groups/${group}`, { method: 'DELETE' })).status, 200)
    assert.equal((await world.ask(`groups/${group}`)).json.code, 'whatsapp-refused')
    await until('the group without us', async () => {
      const { participants } = await atWhatsApp()
      return !(participants as { number: string }[]).some(({ number }) => number === OURS)
    })
  })
}

/** Groups and communities, as admins and members have them. */
export function groupTests(running: () => World): void {
  before(async () => {
    world = running()
    await world.rig.phones.post('/phones', { number: CAROL, name: 'Carol' })
    const made = await world.ask('groups', {
      body: { subject: 'Tea', description: 'Every day', participants: [CONTACT.slice(1), CAROL] },
    })
    assert.equal(made.status, 201, JSON.stringify(made.json))
    group = made.json.id
  })
  testsOfSettings()
  testsOfInvites()
  testsOfLists()
  testsOfRefusals()
}
