import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { PosternEvent } from '../../app/model/event.ts'
import type { MediaItem, RemoteFile } from '../../app/model/media.ts'
import type { OutgoingContent } from '../../app/model/message.ts'
import * as samples from '../media/samples.ts'
import { CONTACT, newMessageId, OURS, type Rig, startRig, until } from './rig.ts'

let rig: Rig
let group: string
before(async () => {
  rig = await startRig()
  const ca = readFileSync(join(rig.place.dataDir, '../simulator/media-ca.pem'), 'utf8')
  setDefaultCACertificates([...getCACertificates('default'), ca])
  await rig.link()
  const made = await rig.phones.post('/groups', { subject: 'Harbour', participants: [CONTACT, OURS] })
  group = String(made.id)
})
after(() => rig.stop())

/** A phone sends a file; answers what the event says about it. */
async function receive(to: string, type: string, member: object): Promise<Record<string, unknown>> {
  const { id } = await rig.phones.post(`/phones/${CONTACT}/send`, { to, type, [type]: member })
  const isIt = ({ type, data }: PosternEvent) => type === 'message.received' && data.message_id === id
  const event = await until('the event', async () => (await rig.events()).find(isIt))
  assert.equal(event.data.chat, to === OURS ? CONTACT : to)
  return event.data[type] as Record<string, unknown>
}

const itemOf = (id: unknown) => rig.library.get('main', String(id))

async function bytesOf(item: MediaItem | undefined): Promise<Buffer> {
  const brought = await rig.library.bring(item ?? assert.fail('no item'))
  assert.equal(brought.kind, 'here', JSON.stringify(brought))
  const chunks = brought.kind === 'here' ? await rig.library.open(brought.item.file).toArray() : []
  return Buffer.concat(chunks)
}

const FILES: readonly (readonly [string, string, Buffer, object])[] = [
  ['a picture', 'image', samples.png(), { mime_type: 'image/png', caption: 'Quay 3' }],
  ['a video', 'video', samples.mp4(100_000), { mime_type: 'video/mp4' }],
  [
    'a song',
    'audio',
    Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0'), randomBytes(300)]),
    { mime_type: 'audio/mpeg' },
  ],
  ['a voice note', 'audio', samples.opus(), { mime_type: 'audio/ogg; codecs=opus', voice: true }],
  [
    'a document',
    'document',
    samples.pdf(),
    { mime_type: 'application/pdf', filename: 'Plan.pdf', caption: 'The plan' },
  ],
  ['a sticker', 'sticker', samples.webp(), { mime_type: 'image/webp' }],
]

/** What the contact has decrypted of a message of ours. */
async function arrived(messageId: string): Promise<Record<string, unknown>> {
  return await until(`the message ${messageId}`, async () => {
    const { data } = await rig.phones.get(`/phones/${CONTACT}/inbox`)
    return (data as Record<string, unknown>[]).find(({ id }) => id === messageId)
  })
}

describe('a file that comes with a message', () => {
  for (const [name, type, content, about] of FILES) {
    test(`is passed on as it lies at WhatsApp's, byte for byte: ${name}`, async () => {
      const told = await receive(group, type, { data: content.toString('base64'), ...about })
      const item = (await itemOf(told.id)) ?? assert.fail('no item')
      const messageId = newMessageId()
      const message = { type, [type]: told, forwarding_score: 1 }
      const forward = { type: 'forward', forward: { message_id: 'THEIRS', message } }
      const outcome = await rig.send(CONTACT, forward as unknown as OutgoingContent, messageId)
      assert.equal(outcome.kind, 'acked', JSON.stringify(outcome))
      const media_sha256 = createHash('sha256').update(content).digest('hex')
      const member = { ...about, size: content.length }
      const want = { type, [type]: member, media_sha256, forwarded: true }
      assert.partialDeepStrictEqual(await arrived(messageId), want)
      const { sent } = (await itemOf(told.id)) ?? assert.fail('no item')
      const { preview: _, ...placed } = sent[type as 'image'] ?? assert.fail('it is nowhere')
      assert.deepEqual(placed, item.received?.remote, 'WhatsApp was given nothing')
    })
  }

  /** One whose first attempt, by ourselves, found nothing at WhatsApp's. */
  async function comesMissing(content: Buffer): Promise<MediaItem> {
    await rig.phones.post('/faults', { kind: 'media-404', count: 1 })
    const { id } = await receive(OURS, 'image', { data: content.toString('base64') })
    const waits = await until('the attempt', async () => {
      const found = await itemOf(id)
      return found?.fetchCount === 1 ? found : undefined
    })
    assert.equal(waits.file, undefined)
    return waits
  }

  test('is fetched by whoever asks for it, when WhatsApp had it not at first', async () => {
    const content = samples.png(7, 7)
    assert.deepEqual(await bytesOf(await comesMissing(content)), content)
  })

  test('is fetched after a restart, when WhatsApp had it not before', async () => {
    const content = samples.png(9, 9)
    const { id } = await comesMissing(content)
    await rig.restart()
    await rig.opened()
    assert.deepEqual(await bytesOf(await itemOf(id)), content)
  })

  test('that is another than its message says is not taken', async () => {
    const { id } = await receive(OURS, 'image', { data: samples.png(5, 5).toString('base64') })
    const item = await until('the item', () => itemOf(id))
    const remote = item.received?.remote ?? assert.fail('it is nowhere')
    const bring = async (change: Partial<RemoteFile>) => {
      const { file: _, ...asked } = item
      const received = { type: 'image', remote: { ...remote, ...change } } as const
      const brought = await rig.library.bring({ ...asked, id: 'med_of_nobody', received })
      return brought.kind === 'here' ? brought.kind : brought.reason
    }
    assert.equal(await bring({}), 'it was removed meanwhile', 'only the store did not know it')
    assert.match(await bring({ sha256: '00'.repeat(32) }), /its hash is another/)
    assert.match(await bring({ encryptedSha256: '00'.repeat(32) }), /its encrypted hash is another/)
    assert.match(await bring({ mediaKey: randomBytes(32).toString('base64') }), /its MAC is wrong/)
    assert.match(await bring({ size: remote.size - 1 }), /larger than the message says/)
    assert.match(await bring({ size: remote.size + 1 }), /smaller than the message says/)
    assert.match(await bring({ directPath: '.evil.example/v/x' }), /nothing usable/)
    assert.match(await bring({ directPath: '/v/t62.7118-24/nothing' }), /answered 404/)
  })

  test('broke none of the rules of the wire', async () => {
    const stats = await rig.phones.get('/stats')
    assert.equal(stats.violations, 0, JSON.stringify(stats.last_violations))
    assert.deepEqual(stats.unanswered, [])
  })
})
