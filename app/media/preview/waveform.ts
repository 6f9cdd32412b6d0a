import type { Readable } from 'node:stream'
import { packetsIn } from './ogg.ts'

const BARS = 64
const LOUDEST = 100
/** Enough to see how loud it is. */
const SAMPLE_RATE = 8_000

/** How loud Opus in Ogg is in each sixty-fourth of it, from 0 to 100; undefined for what cannot be decoded. */
export async function waveformOf(file: Readable): Promise<Buffer | undefined> {
  const { OpusDecoder } = await import('opus-decoder')
  const decoder = new OpusDecoder({ channels: 1, sampleRate: SAMPLE_RATE })
  await decoder.ready
  try {
    const levels: number[] = []
    for await (const packet of packetsIn(file)) {
      if (packet.toString('latin1', 0, 4) === 'Opus') continue // a header
      const { channelData, errors } = decoder.decodeFrame(packet)
      const [samples] = channelData
      if (errors.length > 0 || samples === undefined) return undefined
      levels.push(meanOf(samples, [0, samples.length]))
    }
    return levels.length === 0 ? undefined : barsOf(levels)
  } finally {
    decoder.free()
  }
}

function barsOf(levels: readonly number[]): Buffer {
  const at = (n: number) => Math.floor((n * levels.length) / BARS)
  const bars = Array.from({ length: BARS }, (_, n) => meanOf(levels, [at(n), Math.max(at(n) + 1, at(n + 1))]))
  const loudest = Math.max(...bars)
  return Buffer.from(bars.map(bar => (loudest === 0 ? 0 : Math.round((bar / loudest) * LOUDEST))))
}

function meanOf(
  values: readonly number[] | Float32Array,
  [from, to]: readonly [from: number, to: number],
): number {
  let sum = 0
  for (let at = from; at < to; at += 1) sum += Math.abs(values[at] ?? 0)
  return to === from ? 0 : sum / (to - from)
}
