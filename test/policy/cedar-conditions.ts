export type Effect = 'allow' | 'deny' | 'hold'

/** The conditions of a rule, in the words of the files: all but the hours, as Cedar knows no time zones. */
export type When = {
  readonly messageTypes?: readonly string[]
  readonly templates?: readonly string[]
  readonly recipientKind?: readonly string[]
  readonly recipients?: Listed & { readonly list?: string; readonly consent?: 'required' }
  readonly networks?: readonly string[]
  readonly purpose?: readonly string[]
  readonly firstContact?: boolean
  readonly conversation?: { readonly openedByContactWithin: string }
  readonly size?: { readonly min?: string; readonly max?: string }
  readonly mime?: readonly string[]
}

type Listed = { readonly numbers?: readonly string[]; readonly prefixes?: readonly string[] }

type Around = {
  readonly effect: Effect
  readonly networks: Readonly<Record<string, readonly string[]>>
  readonly lists: Readonly<Record<string, Listed>>
}

/** When a condition holds, and when the request does not say enough to know: both as expressions of Cedar. */
type Answer = { readonly yes: string; readonly unsaid: string }

const SENDS = 'action == Action::"messages.send"'
const KINDS: Readonly<Record<string, string>> = {
  group: 'context.to like "*@g.us"',
  channel: 'context.to like "*@newsletter"',
  status: 'context.to == "status@broadcast"',
}
const NO_CONTACT = `(${Object.values(KINDS).join(' || ')})`
const FILES = listOf(['image', 'video', 'audio', 'document', 'sticker'])
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1_024, h: 3_600_000, d: 86_400_000 }

/** An allow asks that all hold; a deny or a hold only that nothing is known to speak against any. */
export function conditionsIn(when: When, around: Around): readonly string[] {
  const sure = around.effect === 'allow'
  return answersOf(when, around).map(({ yes, unsaid }) => (sure ? `(${yes})` : `((${yes}) || (${unsaid}))`))
}

/** True of requests from an address in one of the named networks. */
export function cidrsHold(names: readonly string[], networks: Around['networks']): string {
  const cidrs = names.flatMap(name => networks[name] ?? [])
  return `context has ip && (${cidrs.map(cidr => `context.ip.isInRange(ip("${cidr}"))`).join(' || ')})`
}

export function listOf(words: readonly string[]): string {
  return JSON.stringify(words)
}

function answersOf(when: When, around: Around): readonly Answer[] {
  const { messageTypes, recipientKind, purpose, firstContact, conversation, networks, recipients } = when
  return [
    messageTypes && fact('type', `${listOf(messageTypes)}.contains(context.type)`),
    recipientKind && ofKind(recipientKind),
    purpose && {
      yes: `context has purpose && ${listOf(purpose)}.contains(context.purpose)`,
      unsaid: 'false',
    },
    firstContact === undefined ? undefined : fact('firstContact', `context.firstContact == ${firstContact}`),
    conversation && openedWithin(inUnits(conversation.openedByContactWithin)),
    networks && { yes: cidrsHold(networks, around.networks), unsaid: '!(context has ip)' },
    recipients && listed(recipients.list === undefined ? recipients : (around.lists[recipients.list] ?? {})),
    recipients?.consent && {
      yes: 'context has purpose && context has consents && context.consents.contains(context.purpose)',
      unsaid: `!(context has consents) && ${SENDS}`,
    },
    ...ofSomeMessages(when, around.effect),
  ].filter(answer => answer !== undefined)
}

/** Conditions that speak of some types of messages only. */
function ofSomeMessages(
  { templates, size, mime, messageTypes }: When,
  effect: Effect,
): readonly (Answer | undefined)[] {
  const { min = '0B', max = '999999KiB' } = size ?? {}
  const [template, file] = ['context.type == "template"', `${FILES}.contains(context.type)`]
  const within = `context.size >= ${inUnits(min)} && context.size <= ${inUnits(max)}`
  return [
    templates && only(template, fact('template', likeOne('context.template', templates))),
    size && only(file, fact('size', within)),
    mime && only(file, fact('mime', likeOne('context.mime', mime))),
  ]

  function only(concerned: string, { yes, unsaid }: Answer): Answer {
    const others = effect === 'allow' || messageTypes !== undefined
    const speaks = `!(context has type) || ${concerned}`
    return { yes: `if ${speaks} then ${yes} else ${others}`, unsaid: `(${speaks}) && ${unsaid}` }
  }
}

/** What a request may leave out: in a send it is then unknown, elsewhere it is not so. */
function fact(word: string, holds: string): Answer {
  return { yes: `(context has ${word} && ${holds})`, unsaid: `(!(context has ${word}) && ${SENDS})` }
}

function ofKind(kinds: readonly string[]): Answer {
  const shown = kinds.map(kind => KINDS[kind] ?? `!${NO_CONTACT}`).join(' || ')
  const said = `${listOf(kinds)}.contains(context.recipientKind)`
  return {
    yes: `if context has recipientKind then ${said} else context has to && (${shown})`,
    unsaid: `!(context has recipientKind) && !(context has to) && ${SENDS}`,
  }
}

function openedWithin(ms: number): Answer {
  return {
    yes: `context has lastInboundAt && context.at - context.lastInboundAt <= ${ms}`,
    unsaid: `!(context has lastInboundAt) && !(context has neverWrote) && ${SENDS}`,
  }
}

/** A contact that shows no number may be any; what asks for consent alone names none. */
function listed({ numbers = [], prefixes = [] }: Listed): Answer | undefined {
  if (numbers.length + prefixes.length === 0) return undefined
  const beginnings = prefixes.map(prefix => `${prefix}*`)
  const one = [`${listOf(numbers)}.contains(context.to)`, likeOne('context.to', beginnings)].join(' || ')
  const contact = `!${NO_CONTACT}`
  return {
    yes: `context has to && context.to like "+*" && (${one})`,
    unsaid: `if context has to then !(context.to like "+*") && ${contact} else ${SENDS}`,
  }
}

function likeOne(value: string, globs: readonly string[]): string {
  return `(${['false', ...globs.map(glob => `${value} like ${JSON.stringify(glob)}`)].join(' || ')})`
}

function inUnits(text: string): number {
  const [, count, unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? []
  return Number(count) * (UNITS[unit] ?? Number.NaN)
}
