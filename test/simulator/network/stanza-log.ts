import { createHash, type Hash, hash } from 'node:crypto'
import type { Stanza } from '../wire/stanza.ts'

/** `in` is what clients say, `out` what they are told. */
export type LogDirection = 'in' | 'out'

type Said = { readonly direction: LogDirection; readonly device: string }

/** Attributes that say when something was or until when it holds, and names that clients make up for what they ask. */
const LEFT_OUT = new Set(['t', 'ts', 's_t', 'creation', 'timestamp', 'expiration', 'last', 'offline', 'sid'])
/** Parts of a message that clients put in or leave out as their dice fall. */
const BY_CHANCE = new Set(['reporting', 'unified_session'])
/** What clients send when a timer of theirs says so. */
const BY_THE_CLOCK = ['w:p']
const KNOWN_IDS = 4_096
const KEPT_LINES = 1_000

/**
 * What was said on the wire, as far as it does not depend on the clock, on the clients' keys or on chance of theirs:
 * direction, device, tag, attributes without times, and sizes. Ids that a client has made are numbered in the order of
 * their appearance; ids of the simulator's own follow from its seed and stay. Stanzas of one device, direction and tag
 * are kept in order, because how those of different tags interleave is up to the scheduler.
 */
export class StanzaLog {
  readonly #chains = new Map<string, Chain>()
  readonly #names = new Map<string, Map<string, string>>()
  readonly #labels = new Map<string, number>()
  #lines: string[] = []
  #count = 0

  /** `device` is `number:id`, or empty before a log-in. */
  record(direction: LogDirection, device: string, node: Stanza): void {
    if (BY_THE_CLOCK.includes(node.attrs.xmlns ?? '')) return
    const line = this.#describe({ direction, device }, node)
    this.#chain(`${device} ${direction} ${node.tag}`).add(line)
    this.#count++
    this.#lines.push(`${device || '-'} ${direction} ${line}`)
    if (this.#lines.length > 2 * KEPT_LINES) this.#lines = this.#lines.slice(-KEPT_LINES)
  }

  /** Equal for runs in which the same was said. */
  digest(): { readonly count: number; readonly hash: string } {
    const chains = [...this.#chains].map(([name, chain]) => `${name} ${chain.digest()}`)
    return { count: this.#count, hash: hash('sha256', chains.toSorted().join('\n')) }
  }

  /** The last lines, for eyes that look for the difference between two runs. */
  lines(): readonly string[] {
    return this.#lines.slice(-KEPT_LINES)
  }

  clear(): void {
    this.#chains.clear()
    this.#names.clear()
    this.#labels.clear()
    this.#lines = []
    this.#count = 0
  }

  #chain(name: string): Chain {
    const chain = this.#chains.get(name) ?? new Chain()
    this.#chains.set(name, chain)
    return chain
  }

  #describe(by: Said, { tag, attrs, content }: Stanza): string {
    const attributes: string[] = []
    for (const [name, value] of Object.entries(attrs)) {
      if (LEFT_OUT.has(name) || (name === 'id' && tag === 'iq')) continue
      attributes.push(`${name}=${this.#named(by, value, name === 'id' ? tag : undefined)}`)
    }
    const inside: string[] = []
    for (const each of Array.isArray(content) ? content : []) {
      if (!BY_CHANCE.has(each.tag)) inside.push(this.#describe(by, each))
    }
    const isPeer = attrs.category === 'peer' // a history is compressed, and so as long as its times and keys have it
    const last = inside.length > 0 && !isPeer ? ` [${inside.join(', ')}]` : sizeOf(by, tag, content)
    return `${tag} ${attributes.sort().join(' ')}${last}`
  }

  /** An id as the log shows it, in a stanza of that tag: a client's by its number, the simulator's as it is. */
  #named({ direction, device }: Said, value: string, tag: string | undefined): string {
    const names = this.#names.get(device) ?? new Map<string, string>()
    this.#names.set(device, names)
    const known = names.get(value)
    if (known !== undefined || tag === undefined) return known ?? value
    const name = direction === 'out' ? value : this.#label(device, tag)
    names.set(value, name)
    for (const oldest of names.keys()) {
      if (names.size <= KNOWN_IDS) break
      names.delete(oldest)
    }
    return name
  }

  #label(device: string, tag: string): string {
    const next = (this.#labels.get(`${device} ${tag}`) ?? 0) + 1
    this.#labels.set(`${device} ${tag}`, next)
    return `${tag}#${next}`
  }
}

const LINES_AT_ONCE = 64

/** The hash of lines in their order, made of many at a time. */
class Chain {
  readonly #hash: Hash = createHash('sha256')
  #lines: string[] = []

  add(line: string): void {
    this.#lines.push(`${line}\n`)
    if (this.#lines.length >= LINES_AT_ONCE) this.#take()
  }

  digest(): string {
    this.#take()
    return this.#hash.copy().digest('hex')
  }

  #take(): void {
    this.#hash.update(this.#lines.join(''))
    this.#lines = []
  }
}

/** What a client encrypts is padded by its own dice, so that its size says nothing. */
function sizeOf({ direction }: Said, tag: string, content: Stanza['content']): string {
  if (content === undefined || Array.isArray(content)) return ''
  return direction === 'in' && tag === 'enc' ? ' sealed' : ` ${content.length}`
}
