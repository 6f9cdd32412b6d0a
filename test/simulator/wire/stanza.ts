import type { BinaryNode } from '@whiskeysockets/baileys'

/** WhatsApp's unit of talk: a tag, attributes, and children or bytes. */
export type Stanza = BinaryNode

type Attributes = Readonly<Record<string, string | undefined>>

/** Builds a stanza; attributes that are undefined are left out. */
export function stanza(tag: string, attributes: Attributes = {}, content?: Stanza['content']): Stanza {
  const attrs: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) attrs[name] = value
  return content === undefined ? { tag, attrs } : { tag, attrs, content }
}

export function children(parent: Stanza | undefined, tag?: string): readonly Stanza[] {
  if (!Array.isArray(parent?.content)) return []
  return tag === undefined ? parent.content : parent.content.filter(child => child.tag === tag)
}

export function child(parent: Stanza | undefined, tag: string): Stanza | undefined {
  return children(parent, tag)[0]
}

/** The bytes inside a stanza, or inside its child of that tag. */
export function bytesOf(parent: Stanza | undefined, tag?: string): Buffer | undefined {
  const content = tag === undefined ? parent?.content : child(parent, tag)?.content
  if (content instanceof Uint8Array) return Buffer.from(content)
  return typeof content === 'string' ? Buffer.from(content) : undefined
}

/** A big-endian number inside a child; undefined when it is absent or longer than six bytes. */
export function numberOf(parent: Stanza | undefined, tag: string): number | undefined {
  const bytes = bytesOf(parent, tag)
  if (bytes === undefined || bytes.length === 0 || bytes.length > 6) return undefined
  return bytes.readUIntBE(0, bytes.length)
}

export function bigEndian(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** Seconds since 1970, as attributes carry times. */
export function seconds(at: Date): string {
  return String(Math.floor(at.getTime() / 1000))
}
