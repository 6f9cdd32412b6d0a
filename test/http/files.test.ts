import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Rule } from '../../app/policy/snapshot.ts'
import * as samples from '../media/samples.ts'
import { createServerCertificate } from '../sandbox/receiver-certificate.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

const TO = '+12025550142'
const MIB = 1024 * 1024
let http: RunningHttp
let origin = ''
let asked: string[] = []
const certificate = await createServerCertificate(['localhost', '127.0.0.1'])
const server = createServer(certificate, (request, response) => {
  const [path = ''] = request.url?.split('?') ?? []
  asked.push(path)
  const served = SERVED[path]
  if (served === undefined) response.writeHead(404).end()
  else if (typeof served === 'function') served(response)
  else response.end(served)
})
type Response = Parameters<NonNullable<Parameters<typeof createServer>[1]>>[1]
const SERVED: Readonly<Record<string, Buffer | ((response: Response) => void)>> = {
  '/quay.png': samples.png(640, 480),
  '/plan.pdf': samples.pdf(),
  '/secret.pdf': Buffer.concat([samples.pdf(), Buffer.from('% nobody has sent this before')]),
  '/odd.pdf': Buffer.concat([samples.pdf(), Buffer.from('% nor this')]),
  '/empty': Buffer.alloc(0),
  '/picture.svg': Buffer.from(samples.SVG),
  '/vast.png': samples.png(50_000, 50_000),
  '/moved': response => response.writeHead(302, { location: '/quay.png' }).end(),
  '/promises': response =>
    response.writeHead(200, { 'content-length': 2 * MIB }).end(Buffer.alloc(2 * MIB, 'a')),
  '/flood': response => response.write(Buffer.alloc(2 * MIB, 'a'), () => response.end()),
  '/cut': response => response.write(Buffer.alloc(70_000, 'a'), () => response.destroy()),
}

before(async () => {
  http = await startHttp({ secrets: { 'secret:links-ca.pem': certificate.ca } })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { accounts, edge } = http.policySwitch.current().snapshot
  const main = accounts.get('main') ?? assert.fail('there is no account')
  http.setPolicy({
    accounts: new Map(accounts).set('main', {
      ...main,
      ...{ linkCidrs: ['127.0.0.0/8'], linkCaRef: 'secret:links-ca.pem' },
    }),
    edge: { ...edge, limits: { ...edge.limits, maxUploadBytes: MIB } },
  })
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await http.stop()
})

const media = '/v1/accounts/main/media'
const upload = async (body: Buffer, as = 'billing') =>
  (await http.ask({ path: media, as, method: 'POST', body })).json.id
let recipient = 0
const send = (body: object, as = 'billing', headers = {}) => {
  const to = `+1202555${1000 + recipient++}`
  return http.ask({ path: '/v1/accounts/main/messages', as, body: { to, ...body }, headers })
}
const of = (type: string, member: object, more: object = {}) => ({ type, [type]: member, ...more })
const files = () => readdirSync(join(http.dataDir, 'media')).length
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const stored = async (id: string) => (await http.store.messages.get('main', id))?.content

async function refused(body: object, path: string, message: RegExp): Promise<void> {
  const answer = await send(body)
  assert.equal(answer.status, 422, JSON.stringify(answer.json))
  const error = answer.json.errors.find(one => one.path === path)
  assert.match(error?.message ?? JSON.stringify(answer.json.errors), message)
}

describe('a message with an uploaded file', () => {
  const PNG = samples.png(640, 480)
  const OPUS = 'audio/ogg; codecs=opus'
  const accepted: readonly [type: string, Buffer, asked: object, told: object][] = [
    ['image', PNG, { caption: 'Quay 3' }, { mime_type: 'image/png', width: 640, height: 480 }],
    ['video', samples.mp4(), { caption: 'ebb' }, { mime_type: 'video/mp4' }],
    ['audio', samples.opus(), {}, { mime_type: OPUS }],
    ['audio', samples.opus(), { voice: true }, { mime_type: OPUS }],
    ['document', samples.pdf(), { filename: 'Plan.pdf' }, { mime_type: 'application/pdf' }],
    ['document', PNG, {}, { mime_type: 'image/png' }],
    ['sticker', samples.webp({ animated: true }), {}, { mime_type: 'image/webp', animated: true }],
  ]
  for (const [type, bytes, said, told] of accepted) {
    test(`is kept with what its content says: ${type} ${JSON.stringify(said)}`, async () => {
      const id = await upload(bytes)
      const answer = await send(of(type, { id, ...said }))
      assert.equal(answer.status, 202, JSON.stringify(answer.json))
      const about = { id, ...said, ...told, size: bytes.length, sha256: sha256(bytes) }
      assert.partialDeepStrictEqual(await stored(answer.json.id), of(type, about))
    })
  }

  test('can be for one look', async () => {
    const { json } = await send(of('image', { id: await upload(PNG) }, { view_once: true }))
    assert.partialDeepStrictEqual(await stored(json.id), { type: 'image', view_once: true })
  })

  test('keeps its file for as long as it waits', async () => {
    const id = await upload(PNG)
    const { json } = await send(of('image', { id }))
    const remove = () => http.ask({ path: `${media}/${id}`, as: 'billing', method: 'DELETE' })
    assert.equal((await remove()).status, 409)
    await http.ask({ path: `/v1/accounts/main/messages/${json.id}`, as: 'billing', method: 'DELETE' })
    assert.equal((await remove()).status, 200)
    await refused(of('image', { id }), '$.image.id', /no file of this account that is still kept/)
  })

  test('is not what its type can be, or names no file', async () => {
    const [pdf, png, ogg] = [await upload(samples.pdf()), await upload(PNG), await upload(samples.opus())]
    const amr = await upload(Buffer.concat([Buffer.from('#!AMR\n'), randomBytes(300)]))
    await refused(
      of('image', { id: pdf }),
      '$.image.id',
      /is application\/pdf by its content; an image must be/,
    )
    await refused(of('sticker', { id: png }), '$.sticker.id', /must be image\/webp/)
    await refused(of('video', { id: ogg }), '$.video.id', /must be video\/mp4 or video\/3gpp/)
    await refused(of('audio', { id: amr, voice: true }), '$.audio.voice', /Opus in Ogg/)
    assert.equal((await send(of('audio', { id: amr }))).status, 202)
    await refused(of('image', {}), '$.image', /must have an id or a link/)
    await refused(of('image', { id: png, link: `${origin}/quay.png` }), '$.image', /not both/)
    await refused(of('image', { id: 'med_nothing' }), '$.image.id', /no file of this account/)
    await refused(of('image', { id: png, caption: 'x'.repeat(1_025) }), '$.image.caption', /at most 1024/)
    await refused(of('audio', { id: ogg, caption: 'x' }), '$.audio.caption', /not known/)
    await refused(of('document', { id: pdf }, { view_once: true }), '$.view_once', /not known/)
    const status = { to: 'status', audience: [TO] }
    await refused(of('image', { id: png }, { ...status, view_once: true }), '$.view_once', /status/)
    assert.equal((await send(of('image', { id: png }, status))).status, 202)
    await refused(of('document', { id: pdf }, status), '$.type', /cannot be sent to a status/)
    await refused(of('image', { id: png }, { to: '120363000000000009@newsletter' }), '$.type', /channel/)
  })

  test('is decided by size and type, by whoever brought the file or may read it', async () => {
    const { rules } = http.policySwitch.current().snapshot
    const allow: Rule = {
      ...{ id: 'small', effect: 'allow', principals: ['narrow'], actions: ['messages.send'] },
      when: { size: { maxBytes: 200 }, mime: ['image/*'] },
    }
    try {
      const [small, large, theirs] = [
        await upload(samples.png()),
        await upload(samples.opus(500)),
        samples.gif(),
      ]
      const reads: Rule = { ...allow, id: 'reads', actions: ['media.read', 'media.write'], when: {} }
      http.setPolicy({ rules: [allow] })
      assert.equal((await send(of('image', { id: small }), 'narrow')).status, 422, 'it may not read it')
      http.setPolicy({ rules: [...rules, allow, { ...reads, actions: ['media.write'] }] })
      const own = await upload(theirs, 'narrow')
      http.setPolicy({ rules: [allow] })
      assert.equal((await send(of('image', { id: own }), 'narrow')).status, 202)
      http.setPolicy({ rules: [allow, reads] })
      assert.equal((await send(of('image', { id: small }), 'narrow')).status, 202)
      assert.equal((await send(of('audio', { id: large }), 'narrow')).status, 403)
      assert.equal((await send(of('document', { id: large }), 'narrow')).status, 403)
    } finally {
      http.setPolicy({ rules })
    }
  })
})

describe('a message with a file that is passed on', () => {
  const forward = async (body: object, as = 'billing', more: object = {}) => {
    const { json } = await send(body)
    const message_id = String((await http.store.messages.get('main', json.id))?.messageId)
    return { message_id, answer: await send(of('forward', { message_id }, more), as) }
  }
  const isUnfit = ({ answer }: Awaited<ReturnType<typeof forward>>, message: RegExp) => {
    assert.equal(answer.status, 422, JSON.stringify(answer.json))
    assert.equal(answer.json.errors[0].path, '$.forward.message_id')
    assert.match(answer.json.errors[0].message, message)
  }

  test('keeps what its message says of the file, and the file', async () => {
    const bytes = samples.png(31, 17)
    const id = await upload(bytes)
    const first = { ...of('image', { id, caption: 'Quay 3' }), mentions: [TO] }
    const { message_id, answer } = await forward(first)
    assert.equal(answer.status, 202, JSON.stringify(answer.json))
    const image = { id, caption: 'Quay 3', mime_type: 'image/png', width: 31, height: 17 }
    const about = { ...image, size: bytes.length, sha256: sha256(bytes) }
    const message = of('image', about)
    assert.deepEqual(await stored(answer.json.id), of('forward', { message_id, message }))
    for (const { id: entry } of (await http.store.messages.list({ account: 'main', limit: 2 })).items)
      await http.ask({ path: `/v1/accounts/main/messages/${entry}`, as: 'billing', method: 'DELETE' })
  })

  test('is not passed on without its file, where it is for one look, and where its type does not go', async () => {
    const id = await upload(samples.png(30, 17))
    isUnfit(await forward(of('image', { id }, { view_once: true })), /to be opened once/)
    const pdf = of('document', { id: await upload(samples.pdf()) })
    isUnfit(await forward(pdf, 'billing', { to: '120363000000000009@newsletter' }), /may not be sent there/)
    isUnfit(await forward(pdf, 'billing', { to: 'status', audience: [TO] }), /may not be sent there/)
    assert.equal((await forward(pdf)).answer.status, 202)
  })

  test('is decided by size and type of the file, for those who may read it', async () => {
    const { rules } = http.policySwitch.current().snapshot
    const may = (action: string, when: Rule['when'] = {}): Rule => ({
      ...{ id: action, effect: 'allow', principals: ['narrow'], actions: [action], when },
    })
    const noFilms: Rule = { ...may('messages.send', { mime: ['video/*'] }), id: 'films', effect: 'deny' }
    const noMuch: Rule = { ...may('messages.send', { size: { maxBytes: 300 } }), id: 'much' }
    const film = of('video', { id: await upload(samples.mp4(400)) })
    try {
      const common = [...rules, may('messages.read'), may('messages.send')]
      http.setPolicy({ rules: common })
      isUnfit(await forward(film, 'narrow'), /no file of this account that is still kept/)
      http.setPolicy({ rules: [...common, may('media.read')] })
      assert.equal((await forward(film, 'narrow')).answer.status, 202)
      http.setPolicy({ rules: [...common, may('media.read'), noFilms] })
      isUnfit(await forward(film, 'narrow'), /may not be sent there/)
      const forwards = may('messages.send', { messageTypes: ['forward'] })
      http.setPolicy({
        rules: [may('messages.read'), may('media.read'), forwards, noMuch, ...rules.slice(0, 1)],
      })
      isUnfit(await forward(film, 'narrow'), /may not be sent there/)
    } finally {
      http.setPolicy({ rules })
    }
  })
})

describe('a message with a link', () => {
  test('is accepted with the file, which is kept once', async () => {
    const first = await send(of('image', { link: `${origin}/quay.png`, caption: 'Quay' }))
    assert.equal(first.status, 202, JSON.stringify(first.json))
    const content = (await stored(first.json.id)) as unknown as { image: Record<string, unknown> }
    const { id, ...told } = content.image
    const bytes = samples.png(640, 480)
    assert.deepEqual(told, {
      ...{ caption: 'Quay', mime_type: 'image/png', width: 640, height: 480 },
      ...{ size: bytes.length, sha256: sha256(bytes) },
    })
    assert.deepEqual((await http.ask({ path: `${media}/${id}`, as: 'billing' })).bytes, bytes)
    const count = files()
    assert.equal((await send(of('image', { link: `${origin}/quay.png` }))).status, 202)
    assert.equal(files(), count)
    const named = await send(of('document', { link: `${origin}/plan.pdf?at=1` }))
    assert.partialDeepStrictEqual(await stored(named.json.id), { document: { filename: 'plan.pdf' } })
  })

  test('is not fetched again for a repeated request', async () => {
    const body = of('image', { link: `${origin}/quay.png` }, { to: TO })
    asked = []
    const key = { 'idempotency-key': 'a-link' }
    const [one, other] = [await send(body, 'billing', key), await send(body, 'billing', key)]
    assert.deepEqual([one.status, other.json.id], [202, one.json.id])
    assert.deepEqual(asked, ['/quay.png'])
  })

  const failing: readonly [url: string, message: RegExp][] = [
    ['/nothing', /was answered with 404/],
    ['/moved', /answered with 302, and a redirect is not followed/],
    ['/empty', /empty file/],
    ['/picture.svg', /is an SVG/],
    ['/vast.png', /50000 × 50000 pixels/],
    ['/odd.pdf', /is application\/pdf by its content/],
    ['/promises', /more than the 1048576 bytes/],
    ['/flood', /more than the 1048576 bytes/],
    ['/cut', /broke off/],
    ['http://127.0.0.1/quay.png', /only https/],
    ['https://user:word@127.0.0.1/quay.png', /carries credentials/],
    ['https://127.0.0.1:22/quay.png', /belongs to another protocol/],
    ['https://169.254.169.254/latest', /from which nothing may be fetched/],
    ['https://10.1.2.3/quay.png', /from which nothing may be fetched/],
    ['https://127.0.0.1:1/quay.png', /belongs to another|could not be reached/],
    ['file:///etc/passwd', /only https/],
    ['quay.png', /no URL/],
  ]
  for (const [url, message] of failing) {
    test(`is refused, and nothing of it stays: ${url}`, async () => {
      const count = files()
      const link = url.startsWith('/') ? `${origin}${url}` : url
      await refused(of('image', { link }), '$.image.link', message)
      assert.equal(files(), count)
    })
  }

  test('is not fetched for who may not send it, and not kept when the file is what may not be sent', async () => {
    const { rules } = http.policySwitch.current().snapshot
    const mime = { id: 'mime', effect: 'deny', principals: ['billing'], actions: ['messages.send'] } as const
    asked = []
    assert.equal((await send(of('image', { link: `${origin}/quay.png` }), 'distant')).status, 403)
    assert.deepEqual(asked, [])
    try {
      http.setPolicy({ rules: [...rules, { ...mime, when: { mime: ['application/pdf'] } }] })
      const count = files()
      const body = of('document', { link: `${origin}/secret.pdf` })
      assert.equal((await send(body)).status, 403)
      assert.deepEqual([asked, files()], [['/secret.pdf'], count])
    } finally {
      http.setPolicy({ rules })
    }
  })
})
