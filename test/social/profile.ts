import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { OURS, until } from '../whatsapp/rig.ts'
import type { World } from './world.ts'

const DOT = Buffer.of(0xff, 0xd8, 0xff, 0xdb, 0xff, 0xd9).toString('base64')

/** How the account shows itself. */
export function profileTests(running: () => World): void {
  let world: World
  const put = (body: object, as = 'billing') => world.ask('profile', { method: 'PUT', body, as })
  before(() => {
    world = running()
  })

  test('name, about, picture and presence are set, and others see them', async () => {
    const { status, json } = await put({
      ...{ name: 'The office', about: 'Monday to Friday', picture: DOT, presence: 'available' },
    })
    assert.equal(status, 200, JSON.stringify(json))
    assert.deepEqual([json.name, json.about], ['The office', 'Monday to Friday'])
    assert.match(String(json.picture_url), /^https:/)
    assert.equal((await world.rig.phones.get(`/phones/${OURS}/profile`)).about, 'Monday to Friday')
    await until('the name on the phone', async () => {
      return (await world.rig.phones.get(`/phones/${OURS}`)).name === 'The office'
    })
    const gone = await put({ picture: null })
    assert.deepEqual([gone.json.picture_url, gone.json.about], [null, 'Monday to Friday'])
    assert.deepEqual((await world.ask('profile')).json, gone.json)
  })

  test('what is wrong with a request is told with its place, and rules decide who may', async () => {
    for (const [body, place] of [
      [{}, '$'],
      [{ name: '' }, '$.name'],
      [{ about: 'x'.repeat(140) }, '$.about'],
      [{ picture: 'PHN2Zy8+' }, '$.picture'],
      [{ presence: 'away' }, '$.presence'],
    ] as const) {
      const { status, json } = await put(body)
      assert.deepEqual([status, json.errors[0].path], [422, place])
    }
    assert.equal((await put({ about: 'mine' }, 'narrow')).status, 403)
  })
}
