import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { silentLog } from '../../app/lib/log.ts'
import { openFolder } from '../../app/media/folder.ts'
import { toJpeg, withJpeg } from '../../app/media/preview/jpeg.ts'
import { thumbnailOf } from '../../app/media/preview/picture.ts'
import type { Patience } from '../../app/media/preview/preview-thread.ts'
import { createPreviews } from '../../app/media/preview/previews.ts'
import type { Pixels } from '../../app/media/preview/shrink.ts'
import type { Preview } from '../../app/model/media.ts'
import type { MediaType } from '../../app/model/message.ts'
import { temporaryFolder } from '../store/fixture.ts'
import * as samples from './samples.ts'

const MUCH = { withinMs: 120_000, idleMs: 60_000 }
const RED = [255, 0, 0]
const BLUE = [0, 0, 255]
const WHITE = [255, 255, 255]
const FILM = { ms: 2_700, width: 640, height: 360 }

/** Red on the left and blue on the right. */
function halves(width: number, height: number): Pixels {
  const row = Array.from({ length: width }, (_, x) => [...(x < width / 2 ? RED : BLUE), 255]).flat()
  return { width, height, channels: 4, bytes: Uint8Array.from(Array(height).fill(row).flat()) }
}

/** The size of a JPEG, and the colours in the middle of its left and of its right half, roughly. */
async function seenIn(file: Buffer): Promise<readonly unknown[]> {
  return await withJpeg(file, ({ width, height, channels, bytes }) => {
    const at = (x: number) => {
      const from = (Math.floor(height / 2) * width + Math.floor(width * x)) * channels
      return [...bytes.subarray(from, from + channels)].map(value => Math.round(value / 51) * 51)
    }
    return [width, height, at(0.25), at(0.75)]
  })
}

describe('a thumbnail', () => {
  test('is the picture, small, with its proportions', async () => {
    const small = await thumbnailOf(await toJpeg(halves(300, 200), 90), 'image/jpeg')
    assert.deepEqual(await seenIn(small), [72, 48, RED, BLUE])
    assert.ok(small.length < 2_000, `${small.length} bytes`)
    const upright = await thumbnailOf(await toJpeg(halves(20, 400), 90), 'image/jpeg')
    assert.deepEqual((await seenIn(upright)).slice(0, 2), [4, 72])
  })

  test('is no larger than the picture, and white where that is transparent', async () => {
    const half = (opacity: number) =>
      Array(8)
        .fill([...BLUE, opacity])
        .flat()
    const row = Buffer.from([0, ...half(0), ...half(255)])
    const png = samples.png(16, 8, { rows: Buffer.concat(Array(8).fill(row)) })
    assert.deepEqual(await seenIn(await thumbnailOf(png, 'image/png')), [16, 8, WHITE, BLUE])
  })

  test('is not made of a picture that would take too much, whatever is in it', async () => {
    const large = await toJpeg(halves(300, 200), 90)
    const frame = large.indexOf(Buffer.from('ffc0', 'hex'))
    large.writeUInt16BE(6_000, frame + 5)
    large.writeUInt16BE(5_000, frame + 7)
    await assert.rejects(thumbnailOf(large, 'image/jpeg'), /5000 × 6000 pixels is too large/)
    const refused = async (width: number, traits: Parameters<typeof samples.png>[2], why: RegExp) =>
      await assert.rejects(thumbnailOf(samples.png(width, 5_000, traits), 'image/png'), why)
    await refused(6_000, {}, /6000 × 5000 pixels is too large/)
    await refused(4_900, { depth: 16 }, /too large/)
    await refused(8, { interlaced: true }, /interlaced/)
    const [plain, other] = [samples.png(8, 8), samples.png(8, 8, { interlaced: true })]
    const twofold = Buffer.concat([plain.subarray(0, 33), other.subarray(8, 33), plain.subarray(33)])
    await assert.rejects(thumbnailOf(twofold, 'image/png'), /a second header/)
    assert.ok((await thumbnailOf(samples.png(8, 8), 'image/png')).length > 0)
  })
})

type World = {
  look(content: Buffer, type: MediaType, mimeType: string): Promise<Preview | undefined>
  stop(): Promise<void>
}

function world(t: TestContext, patience: Patience = MUCH): World {
  const folder = openFolder(join(temporaryFolder(t), 'media'))
  const previews = createPreviews({ pathOf: folder.pathOf, log: silentLog, patience })
  t.after(() => previews.stop())
  return {
    stop: previews.stop,
    async look(content, type, mimeType) {
      const options = { maxBytes: content.length, unlooked: true }
      const written = await folder.write(Readable.from([content]), options)
      if (written.kind !== 'written') return assert.fail(written.kind)
      const about = { id: 'med_1', account: 'main', createdAt: new Date(), fetchCount: 0, sent: {} }
      const { traits, file } = written
      return await previews.of({ ...about, ...traits, mimeType, file }, type)
    },
  }
}

/** The threads that are started from now on. */
function threads(t: TestContext): readonly Worker[] {
  const started: Worker[] = []
  const note = (worker: Worker) => void started.push(worker)
  process.on('worker', note)
  t.after(() => process.off('worker', note))
  return started
}

async function ended(worker: Worker | undefined): Promise<void> {
  if (worker !== undefined && worker.threadId !== -1) await once(worker, 'exit')
}

describe('what a message shows of its file', () => {
  test('is a thumbnail of a picture, and how long a sound or a film plays', async t => {
    const { look } = world(t)
    const jpeg = await toJpeg(halves(300, 200), 90)
    const thumbnail = (await thumbnailOf(jpeg, 'image/jpeg')).toString('base64')
    const started = threads(t)
    const seen = await Promise.all([
      look(jpeg, 'image', 'image/jpeg'),
      look(samples.opus(), 'audio', 'audio/ogg; codecs=opus'),
      look(samples.film(FILM), 'video', 'video/mp4'),
      look(samples.film(FILM, { turned: true, long: true }), 'video', 'video/mp4'),
      look(samples.film(FILM).subarray(0, 70_100), 'video', 'video/mp4'),
    ])
    const films = [{ seconds: 3, width: 640, height: 360 }, { seconds: 3, width: 360, height: 640 }, {}]
    assert.deepEqual(seen, [{ thumbnail }, {}, ...films])
    assert.equal(started.length, 1)
  })

  test('is how long a voice note is, and where it is loud', async t => {
    const { look } = world(t)
    const { waveform = '', ...seen } = (await look(samples.voice(4), 'audio', 'audio/ogg; codecs=opus')) ?? {}
    assert.deepEqual(seen, { seconds: 4 })
    const bars = [...Buffer.from(waveform, 'base64')]
    assert.deepEqual(bars.slice(0, 48), Array(48).fill(0))
    assert.deepEqual([bars.length, Math.max(...bars)], [64, 100])
    assert.ok(bars.slice(48).filter(bar => bar > 5).length > 8, String(bars))
    const broken = samples.voice(4)
    broken.set([0xff, 0], broken.length - 33) // the last packet claims to have no frame
    assert.deepEqual(await look(broken, 'audio', 'audio/ogg; codecs=opus'), { seconds: 4 })
  })

  test('is nothing where there is nothing to show, and no thread is started for that', async t => {
    const { look } = world(t)
    const started = threads(t)
    assert.equal(await look(samples.webp(), 'sticker', 'image/webp'), undefined)
    assert.equal(await look(samples.png(), 'document', 'image/png'), undefined)
    assert.equal(await look(samples.gif(), 'image', 'image/gif'), undefined)
    assert.equal(started.length, 0)
  })

  test('is nothing of a file that its decoder does not take, and another is looked at all the same', async t => {
    const { look } = world(t)
    const [broken, whole] = await Promise.all([
      look(samples.jpeg(300, 200), 'image', 'image/jpeg'),
      look(samples.png(), 'image', 'image/png'),
    ])
    assert.equal(broken, undefined)
    assert.deepEqual(Object.keys(whole ?? {}), ['thumbnail'])
  })

  test('is nothing when it takes too long, and the thread that was at it ends', async t => {
    const { look } = world(t, { withinMs: 1, idleMs: 60_000 })
    const started = threads(t)
    assert.equal(await look(samples.png(), 'image', 'image/png'), undefined)
    for (const worker of started) await ended(worker)
  })

  test('is nothing of what was under way or waited at the end, for which no thread is started any more', async t => {
    const { look, stop } = world(t)
    const started = threads(t)
    const under = once(process, 'worker')
    const both = Promise.all([1, 2].map(() => look(samples.png(), 'image', 'image/png')))
    await under
    await stop()
    assert.deepEqual(await both, [undefined, undefined])
    assert.equal(await look(samples.png(), 'image', 'image/png'), undefined)
    assert.equal(started.length, 1)
  })

  test('needs no thread once it has been idle for a while', async t => {
    const { look } = world(t, { ...MUCH, idleMs: 1 })
    const started = threads(t)
    assert.notEqual(await look(samples.png(), 'image', 'image/png'), undefined)
    await ended(started[0])
    assert.notEqual(await look(samples.png(), 'image', 'image/png'), undefined)
    assert.equal(started.length, 2)
  })
})
