/** A decoded picture, row by row: grey, RGB or RGBA. */
export type Pixels = {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3 | 4
  readonly bytes: Uint8Array
}

const WHITE = 255

/** The picture in RGBA, nothing transparent, with no side longer than `side`, each pixel the mean of those it stands for. Nothing is enlarged. */
export function shrink(source: Pixels, side: number): Pixels & { readonly channels: 4 } {
  const scale = Math.min(1, side / Math.max(source.width, source.height))
  const width = Math.max(1, Math.round(source.width * scale))
  const height = Math.max(1, Math.round(source.height * scale))
  const bytes = new Uint8Array(width * height * 4)
  for (let y = 0; y < height; y += 1) {
    const rows = partOf(source.height, y, height)
    for (let x = 0; x < width; x += 1) {
      bytes.set(meanOf(source, partOf(source.width, x, width), rows), (y * width + x) * 4)
    }
  }
  return { width, height, channels: 4, bytes }
}

type Part = readonly [from: number, to: number]

function partOf(length: number, n: number, count: number): Part {
  const from = Math.floor((n * length) / count)
  return [from, Math.max(from + 1, Math.floor(((n + 1) * length) / count))]
}

/** What is transparent lies on white, as apps show it. */
function meanOf({ width, channels, bytes }: Pixels, [left, right]: Part, [top, bottom]: Part) {
  const [toGreen, toBlue] = channels === 1 ? [0, 0] : [1, 2]
  let [red, green, blue, white] = [0, 0, 0, 0]
  for (let y = top; y < bottom; y += 1) {
    const end = (y * width + right) * channels
    for (let at = (y * width + left) * channels; at < end; at += channels) {
      const opacity = channels === 4 ? (bytes[at + 3] ?? 0) / WHITE : 1
      red += (bytes[at] ?? 0) * opacity
      green += (bytes[at + toGreen] ?? 0) * opacity
      blue += (bytes[at + toBlue] ?? 0) * opacity
      white += WHITE * (1 - opacity)
    }
  }
  const count = (right - left) * (bottom - top)
  return [...[red, green, blue].map(sum => Math.round((sum + white) / count)), WHITE]
}
