/** More than most phones' cameras give. */
const MAX_PIXELS = 25_000_000
const MAX_BYTES = 256 * 1024 * 1024

/** Throws where a picture is too large to be decoded for the sake of a thumbnail. Asked before anything is. */
export function affordable(picture: {
  readonly width: number
  readonly height: number
  readonly bytesPerPixel: number
}): void {
  const pixels = picture.width * picture.height
  if (pixels > MAX_PIXELS || pixels * picture.bytesPerPixel > MAX_BYTES)
    throw new RangeError(
      `a picture of ${picture.width} × ${picture.height} pixels is too large to be decoded`,
    )
}
