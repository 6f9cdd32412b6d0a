import type { FileTraits, MediaItem } from '../../model/media.ts'
import type { Headers } from '../answer.ts'

/** A file as the API shows it. */
export function mediaJson({
  id,
  sha256,
  mimeType,
  size,
  filename,
  width,
  height,
  createdAt,
}: MediaItem): object {
  return {
    id,
    sha256: sha256 ?? null,
    mime_type: mimeType ?? null,
    size: size ?? null,
    ...(filename === undefined ? {} : { filename }),
    ...(width === undefined ? {} : { width, height }),
    created_at: createdAt.toISOString(),
  }
}

/** Of its bytes. A browser saves them, whatever they are: they come from somebody else. */
export function mediaHeaders(item: MediaItem & FileTraits): Headers {
  const { filename, mimeType, sha256, id } = item
  const name = encodeURIComponent(filename ?? id).replace(/['()*]/g, percent)
  return {
    'Content-Type': mimeType,
    'Content-Disposition': `attachment; filename*=UTF-8''${name}`,
    ETag: `"${sha256}"`,
    'Accept-Ranges': 'bytes',
  }
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}
