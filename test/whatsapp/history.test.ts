import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '../../app/store/store.ts'
import { CONTACT, OURS, type Rig, startRig, until } from './rig.ts'

/** What was said before the account was linked: by the contact, by us on the phone, by the contact. */
async function talk(rig: Rig): Promise<readonly string[]> {
  await rig.phones.post('/phones', { number: OURS, name: 'Postern' })
  await rig.phones.post('/phones', { number: CONTACT, name: 'Bob' })
  const says = async (from: string, to: string, body: string) =>
    String((await rig.phones.post(`/phones/${from}/send`, { to, type: 'text', text: { body } })).id)
  return [
    await says(CONTACT, OURS, 'first'),
    await says(OURS, CONTACT, 'second'),
    await says(CONTACT, OURS, 'third'),
  ]
}

async function listed(rig: Rig): Promise<readonly string[]> {
  const { items } = await rig.store.messages.list({ account: 'main', chat: CONTACT, limit: 50 })
  return items.map(message => message.messageId)
}

test('what was said before the account was linked is kept in its place, and told to nobody', async () => {
  const rig = await startRig({ policy: { history: 'recent' } })
  const ids = await talk(rig)
  await rig.link()
  await until('the history', async () => (await listed(rig)).length === ids.length || undefined)
  const later = await rig.contactSays('now')
  await until('a new message', () => rig.store.messages.get('main', later))
  assert.deepEqual(await listed(rig), [later, ...ids.toReversed()])
  const ours = await rig.store.messages.get('main', ids[1] ?? '')
  assert.deepEqual([ours?.direction, ours?.chat, ours?.from], ['out', CONTACT, OURS])
  const told = (await rig.events()).filter(event => event.type.startsWith('message.'))
  assert.deepEqual(
    told.map(event => event.data.message_id),
    [later],
  )
  assert.deepEqual(await rig.store.journal.unfinished('main'), [])
  await rig.stop()
})

test('without history in the policy nothing of it is kept', async () => {
  const rig = await startRig({ policy: { history: 'none' } })
  await talk(rig)
  await rig.link()
  const later = await rig.contactSays('now')
  await until('a new message', () => rig.store.messages.get('main', later))
  await until('nothing left to do', async () =>
    (await rig.store.journal.unfinished('main')).length === 0 ? true : undefined,
  )
  assert.deepEqual(await listed(rig), [later])
  await rig.stop()
})

test('a history that could not be stored is taken up by the next connection', async () => {
  let failures = 0
  const store = (real: Store): Store => ({
    ...real,
    messages: {
      ...real.messages,
      async import() {
        failures += 1
        throw new Error('no space left')
      },
    },
  })
  const rig = await startRig({ policy: { history: 'recent' }, store })
  const ids = await talk(rig)
  await rig.link()
  await until('a failure', () => failures > 0 || undefined)
  assert.deepEqual(await listed(rig), [])
  await rig.restart({ policy: { history: 'recent' } })
  await until('the history', async () => (await listed(rig)).length === ids.length || undefined)
  assert.deepEqual(await listed(rig), ids.toReversed())
  await rig.stop()
})
