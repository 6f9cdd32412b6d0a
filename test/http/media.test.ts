import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as samples from '../media/samples.ts'
import { type Answer, type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
before(async () => (http = await startHttp()))
after(() => http.stop())

const path = '/v1/accounts/main/media'
const upload = (body: Buffer | string, headers: Record<string, string> = {}, as = 'billing') =>
  http.ask({ path, as, method: 'POST', body, headers })
const download = (id: string, headers = {}, as = 'billing') =>
  http.ask({ path: `${path}/${id}`, as, headers })
const files = () => readdirSync(join(http.dataDir, 'media'))
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

function form(content: Buffer, { name = 'file', filename = 'a.png', type = 'image/png' } = {}) {
  const head = `--b\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--b\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--b--\r\n')])
  return [body, { 'content-type': 'multipart/form-data; boundary=b' }] as const
}

function refused(answer: Answer, status: number, at: string, message: RegExp): void {
  assert.equal(answer.status, status, JSON.stringify(answer.json))
  const error = answer.json.errors?.find(one => one.path === at)
  assert.match(error?.message ?? `nothing about ${at} in ${JSON.stringify(answer.json)}`, message)
}

describe('a file', () => {
  test('is taken as the body, told by its content, and given back byte for byte', async () => {
    const content = samples.png(640, 480)
    const answer = await upload(content, { 'content-type': 'application/octet-stream' })
    assert.equal(answer.status, 201, JSON.stringify(answer.json))
    const { id, created_at: _, ...told } = answer.json
    assert.match(id, /^med_/)
    const about = { sha256: sha256(content), size: content.length, width: 640, height: 480 }
    assert.deepEqual(told, { ...about, mime_type: 'image/png' })
    const given = await download(id)
    assert.deepEqual([given.status, given.headers['content-type']], [200, 'image/png'])
    assert.deepEqual(given.bytes, content)
    assert.match(given.headers['content-disposition'] ?? '', /^attachment/)
  })

  test('that is gone from the disk by the time it is read is told to be gone, in whole and in part', async () => {
    const before = files()
    const { json } = await upload(samples.png(7, 9))
    for (const name of files().filter(file => !before.includes(file)))
      rmSync(join(http.dataDir, 'media', name))
    for (const headers of [{}, { range: 'bytes=0-1' }]) {
      const answer = await download(json.id, headers)
      assert.deepEqual([answer.status, answer.json.code], [410, 'gone'])
      assert.equal(answer.headers['content-disposition'], undefined)
    }
    await http.ask({ path: `${path}/${json.id}`, as: 'billing', method: 'DELETE' })
  })

  test('that was damaged on the disk is told to be gone, and the connection does not break off', async () => {
    const before = files()
    const { json } = await upload(samples.png(8, 9))
    for (const name of files().filter(file => !before.includes(file)))
      writeFileSync(join(http.dataDir, 'media', name), 'damaged')
    const answer = await download(json.id)
    assert.deepEqual([answer.status, answer.json.code], [410, 'gone'])
    await http.ask({ path: `${path}/${json.id}`, as: 'billing', method: 'DELETE' })
  })

  test('that cannot be read just now is not promised, and the caller is told when to ask again', async () => {
    const before = files()
    const { json } = await upload(samples.png(9, 9))
    const [name = ''] = files().filter(file => !before.includes(file))
    const [path, aside] = [name, `${name}.aside`].map(file => join(http.dataDir, 'media', file)) as [
      string,
      string,
    ]
    renameSync(path, aside)
    mkdirSync(path)
    const failed = await download(json.id)
    assert.deepEqual(
      [failed.status, failed.json.code, failed.headers['retry-after']],
      [503, 'not-ready', '30'],
    )
    rmdirSync(path)
    renameSync(aside, path)
    assert.deepEqual((await download(json.id)).bytes, samples.png(9, 9))
  })

  test('is taken from a form, as Cloud API clients send it, with its name', async () => {
    const answer = await upload(...form(samples.png(), { filename: 'Übersicht.png' }))
    assert.equal(answer.status, 201, JSON.stringify(answer.json))
    assert.equal(answer.json.filename, 'Übersicht.png')
    assert.deepEqual((await download(answer.json.id)).bytes, samples.png())
    const named = await http.ask({
      path: `${path}?filename=b.pdf`,
      as: 'billing',
      method: 'POST',
      body: samples.pdf(),
    })
    assert.match((await download(named.json.id)).headers['content-disposition'] ?? '', /''b\.pdf$/)
  })

  test('of several mebibytes is given in parts', async () => {
    const content = Buffer.concat([samples.mp4(), randomBytes(3 * 1024 * 1024 + 17)])
    const { id } = (await upload(content)).json
    assert.deepEqual((await download(id)).bytes, content)
    const last = content.length - 1
    const ranges: readonly (readonly [string, number, number])[] = [
      ['bytes=0-0', 0, 0],
      ['bytes=65530-65550', 65_530, 65_550],
      ['bytes=-5', last - 4, last],
      [`bytes=${last - 70_000}-`, last - 70_000, last],
    ]
    for (const [range, from, to] of ranges) {
      const part = await download(id, { range })
      assert.equal(part.status, 206)
      assert.equal(part.headers['content-range'], `bytes ${from}-${to}/${content.length}`)
      assert.deepEqual(part.bytes, content.subarray(from, to + 1), range)
    }
    const beyond = await download(id, { range: `bytes=${content.length}-` })
    assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, `bytes */${content.length}`])
    assert.equal((await download(id, { range: 'bytes=0-1,5-6' })).status, 200)
  })

  test('is on the disk encrypted, once for the same content', async () => {
    const mark = randomBytes(24).toString('hex')
    const content = Buffer.from(`a text with ${mark} in it`)
    const count = files().length
    const [one, other] = [await upload(content), await upload(content)]
    assert.notEqual(one.json.id, other.json.id)
    assert.equal(one.json.mime_type, 'text/plain')
    assert.equal(files().length, count + 1)
    for (const name of files()) assert.ok(!readFileSync(join(http.dataDir, 'media', name)).includes(mark))
    const gone = await http.ask({ path: `${path}/${one.json.id}`, as: 'billing', method: 'DELETE' })
    assert.deepEqual(gone.json, { id: one.json.id, deleted: true })
    assert.equal((await download(one.json.id)).status, 404)
    assert.deepEqual((await download(other.json.id)).bytes, content)
    await http.ask({ path: `${path}/${other.json.id}`, as: 'billing', method: 'DELETE' })
    assert.equal(files().length, count)
  })

  test('belongs to its account', async () => {
    const { id } = (await upload(samples.gif())).json
    const elsewhere = await http.ask({ path: `/v1/accounts/spare/media/${id}`, as: 'billing' })
    assert.equal(elsewhere.status, 404)
    assert.equal((await http.ask({ path: `${path}/${id}`, as: 'narrow' })).status, 403)
    assert.equal((await upload(samples.gif(), {}, 'narrow')).status, 403)
    assert.equal((await upload(samples.gif(), {}, 'distant')).status, 403)
  })

  for (const [name, content, type] of [
    ['a JPEG with a long preface', () => samples.jpeg(4000, 3000, exif()), 'image/jpeg'],
    ['an animated sticker', () => samples.webp({ animated: true }), 'image/webp'],
    ['a voice note', () => samples.opus(), 'audio/ogg; codecs=opus'],
    ['a film', () => samples.mp4(), 'video/mp4'],
    ['a PDF', () => samples.pdf(), 'application/pdf'],
    ['an archive', () => samples.zip([{ name: 'a', content: Buffer.from('a') }]), 'application/zip'],
    [
      'a Word document',
      () => samples.docx(),
      'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    ],
    ['a page', () => Buffer.from('<!doctype html><html><svg></svg></html>'), 'text/html'],
    ['bytes that nobody knows', () => Buffer.from([0, 1, 2, 3, 250, 251, 252]), 'application/octet-stream'],
  ] as const) {
    test(`that is ${name} is known by its content`, async () => {
      const answer = await upload(content(), { 'content-type': 'application/x-www-form-urlencoded' })
      assert.equal(answer.status, 201, JSON.stringify(answer.json))
      assert.equal(answer.json.mime_type, type)
    })
  }
})

describe('a file that is not taken', () => {
  for (const [name, content, message] of [
    ['an empty one', () => Buffer.alloc(0), /is empty/],
    ['an SVG', () => Buffer.from(samples.SVG), /is an SVG/],
    [
      'an SVG in UTF-16 with its own prefix',
      () => Buffer.from('\ufeff<s:svg xmlns:s="http://www.w3.org/2000/svg"/>', 'utf16le'),
      /is an SVG/,
    ],
    ['a picture of 50 000 × 50 000', () => samples.png(50_000, 50_000), /50000 × 50000 pixels/],
    [
      'such a picture behind a long preface',
      () => samples.jpeg(50_000, 50_000, exif()),
      /50000 × 50000 pixels/,
    ],
    ['a picture without a size', () => samples.jpeg().subarray(0, 20), /says nowhere how large/],
    ['a ZIP bomb', samples.zipBomb, /unpacks to 268435456/],
    [
      'a ZIP that claims more than 2 GiB',
      () => samples.zip([{ name: 'a', content: Buffer.from('a'), claims: 3 * 2 ** 30 }]),
      /unpacks to/,
    ],
    ['a gzip bomb', samples.gzipBomb, /unpacks to/],
    [
      'a picture that is an archive as well',
      () => Buffer.concat([samples.png(), samples.zip([{ name: 'a', content: Buffer.from('a') }])]),
      /ZIP archive at once/,
    ],
    ['a picture that is a PDF as well', () => Buffer.concat([samples.gif(), samples.pdf()]), /PDF at once/],
    [
      'a picture that is a page as well',
      () => Buffer.concat([samples.jpeg(), Buffer.from('<script>alert(1)</script>')]),
      /page or a script/,
    ],
    [
      'a picture that is a script as well',
      () => Buffer.from('GIF89a/*\0\0\0\0*/=1;alert(1)', 'latin1'),
      /script at once/,
    ],
  ] as const) {
    test(`is ${name}`, async () => {
      const count = files().length
      const answer = await upload(content())
      refused(answer, 422, '$', message)
      assert.equal(files().length, count)
    })
  }

  test('is not what its sender says', async () => {
    refused(
      await upload(samples.pdf(), { 'content-type': 'image/jpeg' }),
      422,
      'content-type',
      /application\/pdf/,
    )
    refused(await upload(...form(samples.pdf())), 422, 'content-type', /application\/pdf/)
    assert.equal((await upload(samples.jpeg(), { 'content-type': 'image/png' })).status, 201)
  })

  test('comes compressed, in no form, or without a boundary', async () => {
    assert.equal((await upload(samples.png(), { 'content-encoding': 'gzip' })).status, 415)
    const [, headers] = form(samples.png())
    assert.equal((await upload('not a form', headers)).status, 400)
    assert.equal((await upload('x', { 'content-type': 'multipart/form-data' })).status, 400)
    const [cut] = form(Buffer.alloc(100_000, 'x'), { type: 'text/plain' })
    assert.equal((await upload(cut.subarray(0, 50_000), headers)).status, 400)
    assert.equal((await upload(...form(samples.png(), { filename: 'a\u0001b.png' }))).status, 422)
  })
})

/** Two segments of metadata of 64 KiB each. */
function exif(): Buffer {
  const segment = Buffer.concat([Buffer.from('ffe1fffe', 'hex'), Buffer.alloc(65_532, 'm')])
  return Buffer.concat([segment, segment])
}
