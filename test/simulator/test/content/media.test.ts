import assert from 'node:assert/strict'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { request } from 'node:https'
import { test } from 'node:test'
import { hkdf, type proto } from '@whiskeysockets/baileys'
import { CONTACT, jid, MAIN } from '../rig.ts'
import { Chat, sha256 } from './chat.ts'

const FILE = randomBytes(20_000)
const TAMPERINGS: readonly { name: string; change: (draft: Draft) => Draft; want: RegExp }[] = [
  {
    name: 'a flipped bit in the ciphertext',
    change: draft => ({ ...draft, bytes: flipped(draft.bytes, 100) }),
    want: /the image cannot be used: its MAC is wrong/,
  },
  {
    name: 'a flipped bit in the MAC',
    change: draft => ({ ...draft, bytes: flipped(draft.bytes, draft.bytes.length - 1) }),
    want: /its MAC is wrong/,
  },
  {
    name: 'another key in the message',
    change: draft => ({ ...draft, message: { ...draft.message, mediaKey: randomBytes(32) } }),
    want: /its MAC is wrong/,
  },
  {
    name: 'another hash of the encrypted file in the message',
    change: draft => ({ ...draft, message: { ...draft.message, fileEncSha256: randomBytes(32) } }),
    want: /the hash of the encrypted file is another/,
  },
  {
    name: 'another hash of the file in the message',
    change: draft => ({ ...draft, message: { ...draft.message, fileSha256: randomBytes(32) } }),
    want: /the hash of the file inside is another/,
  },
  {
    name: 'another length in the message',
    change: draft => ({ ...draft, message: { ...draft.message, fileLength: 7 } }),
    want: /it has 20000 bytes and the message says 7/,
  },
  {
    name: 'a path that nothing was uploaded to',
    change: draft => ({ ...draft, message: { ...draft.message, directPath: '/v/t62.7118-24/1_2_n.enc' } }),
    want: /nothing was uploaded to/,
  },
]

test('a file that is gone is 404 until its owner uploads it again', async t => {
  const chat = await Chat.start(t)
  await t.test(
    'an expired file is 404, and the own phone uploads it again when its device asks',
    async () => {
      await chat.sock.refreshMediaConn() // Baileys takes the host of an uploaded-again file from its last media_conn
      const received = await chat.receive('image', { data: FILE.toString('base64') })
      const before = received.message?.imageMessage?.directPath
      assert.equal((await get(chat, String(before))).status, 200)
      assert.deepEqual(await chat.rig.ask('POST', '/media/expire'), { expired: 1 })
      assert.equal((await get(chat, String(before))).status, 404)
      await assert.rejects(chat.download(received), /Failed to fetch/) // this Baileys does not ask by itself
      await chat.sock.updateMediaMessage(received)
      assert.ok((await chat.download(received)).equals(FILE))
      assert.notEqual(received.message?.imageMessage?.directPath, before)
      assert.deepEqual(await chat.rig.violations(), [])
    },
  )
  await t.test(
    'a request to upload again that was not made with the key of the file is refused',
    async () => {
      const received = await chat.receive('image', { data: FILE.toString('base64') })
      const { imageMessage } = received.message ?? {}
      assert.ok(imageMessage)
      const forged = {
        ...received,
        message: { imageMessage: { ...imageMessage, mediaKey: randomBytes(32) } },
      }
      await assert.rejects(chat.sock.updateMediaMessage(forged), /Failed to re-upload media \(3\)/)
      const unknown = { ...received, key: { ...received.key, id: 'UNKNOWN' } }
      await assert.rejects(chat.sock.updateMediaMessage(unknown), /Failed to re-upload media \(2\)/)
    },
  )
  await t.test('media-404 loses the files of one account for as many downloads as it counts', async () => {
    await chat.rig.ask('POST', '/faults', { kind: 'media-404', account: `+${MAIN}`, count: 1 })
    const received = await chat.receive('document', { size: 50_000, filename: 'made-up.bin' })
    const path = String(received.message?.documentMessage?.directPath)
    assert.equal((await get(chat, path)).status, 404)
    assert.equal((await get(chat, path)).status, 200)
    assert.equal((await chat.download(received)).length, 50_000)
  })
  await t.test(
    'a file that expires before the phone is on again is filed as expired, without a hash',
    async () => {
      await chat.rig.ask('POST', `/phones/${CONTACT}/off`)
      const { key } = await chat.send({ document: FILE, mimetype: 'text/plain', fileName: 'late.txt' })
      await chat.rig.eventually(async () => (await chat.rig.stats()).messages_out, 1)
      await chat.rig.ask('POST', '/media/expire')
      await chat.rig.ask('POST', `/phones/${CONTACT}/on`)
      const { type, media_sha256, media_expired } = await chat.entry(key.id)
      assert.deepEqual([type, media_sha256, media_expired], ['document', undefined, true])
      assert.deepEqual(await chat.rig.violations(), [])
    },
  )
})

test('nothing is taken for a file that is not what it is said to be', async t => {
  const chat = await Chat.start(t)
  chat.rig.provokes('bad-media')
  await t.test(
    'the host takes an upload with its auth, at the hash of its bytes, and nothing else',
    async () => {
      const { auth } = await chat.sock.refreshMediaConn()
      const token = Buffer.from(sha256(FILE), 'hex').toString('base64url')
      const other = Buffer.from(sha256(randomBytes(1)), 'hex').toString('base64url')
      const upload = (path: string) => post(chat, path, FILE)
      const good = await upload(`/mms/image/${token}?auth=${auth}&token=${token}`)
      assert.equal(good.status, 200)
      assert.deepEqual(await chat.rig.violations(), [])
      assert.equal((await upload(`/mms/image/${token}?auth=nobody&token=${token}`)).status, 401)
      assert.equal((await upload(`/mms/image/${other}?auth=${auth}&token=${other}`)).status, 400)
      assert.equal((await upload(`/mms/image/${token}?auth=${auth}&token=${other}`)).status, 400)
      assert.equal((await upload(`/mms/smell/${token}?auth=${auth}&token=${token}`)).status, 404)
      assert.deepEqual(await chat.rig.violations(), Array(4).fill('bad-media'))
      const { direct_path } = JSON.parse(good.body.toString()) as { direct_path: string }
      assert.deepEqual((await get(chat, direct_path)).body, FILE)
      const part = await get(chat, direct_path, { range: 'bytes=16-31' })
      assert.deepEqual([part.status, part.body], [206, FILE.subarray(16, 32)])
      assert.equal((await get(chat, '/v/t62.7118-24/1_2_n.enc')).status, 404)
    },
  )
  await t.test('a phone files no picture whose bytes are not what the message promises', async t => {
    const before = (await chat.rig.violations()).length
    const good = await relay(chat, draft => draft)
    assert.equal((await chat.entry(good)).media_sha256, sha256(FILE))
    for (const [index, { name, change, want }] of TAMPERINGS.entries()) {
      await t.test(name, async () => {
        const entry = await chat.entry(await relay(chat, change))
        assert.deepEqual([entry.type, entry.media_sha256], ['unsupported', undefined])
        const { last_violations } = await chat.rig.stats()
        assert.equal(last_violations.length, before + index + 1)
        assert.equal(last_violations.at(-1)?.kind, 'bad-media')
        assert.match(String(last_violations.at(-1)?.detail), want)
      })
    }
  })
})

/** An image message and the encrypted file that belongs to it, before anything is uploaded. */
type Draft = { readonly bytes: Buffer; readonly message: proto.Message.IImageMessage }

function draftOf(plain: Buffer): Draft {
  const mediaKey = randomBytes(32)
  const keys = Buffer.from(hkdf(mediaKey, 112, { info: 'WhatsApp Image Keys' }))
  const iv = keys.subarray(0, 16)
  const cipher = createCipheriv('aes-256-cbc', keys.subarray(16, 48), iv)
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  const mac = createHmac('sha256', keys.subarray(48, 80)).update(iv).update(sealed).digest().subarray(0, 10)
  const bytes = Buffer.concat([sealed, mac])
  const hashes = { fileSha256: Buffer.from(sha256(plain), 'hex'), fileLength: plain.length }
  return { bytes, message: { mediaKey, mimetype: 'image/jpeg', ...hashes } }
}

/** Uploads and sends an image that has been changed on the way; gives the message's id. */
async function relay(chat: Chat, change: (draft: Draft) => Draft): Promise<string> {
  const { bytes, message } = change(draftOf(FILE))
  const { auth } = await chat.sock.refreshMediaConn()
  const hash = Buffer.from(sha256(bytes), 'hex')
  const token = hash.toString('base64url')
  const { body } = await post(chat, `/mms/image/${token}?auth=${auth}&token=${token}`, bytes)
  const { url, direct_path } = JSON.parse(body.toString()) as { url: string; direct_path: string }
  const imageMessage = { url, directPath: direct_path, fileEncSha256: hash, ...message }
  return chat.sock.relayMessage(jid(CONTACT), { imageMessage }, {})
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}

type Answer = { readonly status: number; readonly body: Buffer }

function post(chat: Chat, path: string, bytes: Buffer): Promise<Answer> {
  return ask(chat, path, { method: 'POST', bytes })
}

function get(chat: Chat, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return ask(chat, path, { method: 'GET', headers })
}

type Asked = { readonly method: string; readonly headers?: Record<string, string>; readonly bytes?: Buffer }

function ask(chat: Chat, path: string, { method, headers = {}, bytes }: Asked): Promise<Answer> {
  const { media, mediaCa } = chat.rig.simulator
  return new Promise((resolve, reject) => {
    const options = { method, headers, ca: mediaCa, agent: false as const }
    const sent = request(`${media}${path}`, options, async response => {
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
    })
    sent.once('error', reject)
    sent.end(bytes)
  })
}
