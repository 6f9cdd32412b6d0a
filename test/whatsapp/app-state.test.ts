import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Log, silentLog } from '../../app/lib/log.ts'
import { CONTACT, OURS, type Rig, startRig, until } from './rig.ts'

const said: string[] = []
const log: Log = {
  ...silentLog,
  debug(event, fields) {
    if (event === 'whatsapp.library') said.push(String(fields?.words))
  },
}
const REFUSED = /failed to decode patch|LTHash verification failed|MAC/i

let rig: Rig
before(async () => {
  rig = await startRig({ log })
  await rig.link()
})
after(() => rig.stop())

/** The phone changes a chat, and the device has heard of it. */
async function change(chat: Readonly<Record<string, unknown>>): Promise<void> {
  await rig.phones.patch(`/phones/${OURS}/chats/${CONTACT}`, chat)
}

test('believes no change of the app state whose MAC is wrong', async () => {
  await change({ archived: true })
  await rig.allConfirmed()
  assert.deepEqual(
    said.filter(words => REFUSED.test(words)),
    [],
    'a right MAC is taken',
  )
  for (const mac of ['patch', 'value']) {
    const before = said.length
    await rig.phones.post('/faults', { kind: 'wrong-mac', account: OURS, mac })
    await change({ pinned: mac === 'patch' })
    await until(
      `the wrong ${mac} MAC to be noticed`,
      async () => said.slice(before).some(words => REFUSED.test(words)) || undefined,
    )
  }
})
