/** Somebody's business card, as WhatsApp's Cloud API writes it. */
export type ContactCard = {
  readonly name: {
    readonly formatted_name: string
    readonly first_name?: string
    readonly last_name?: string
    readonly middle_name?: string
    readonly prefix?: string
    readonly suffix?: string
  }
  readonly phones?: readonly { readonly phone: string; readonly type?: string; readonly wa_id?: string }[]
  readonly emails?: readonly { readonly email: string; readonly type?: string }[]
  readonly urls?: readonly { readonly url: string; readonly type?: string }[]
  readonly org?: { readonly company?: string; readonly department?: string; readonly title?: string }
  /** `YYYY-MM-DD` */
  readonly birthday?: string
  readonly addresses?: readonly {
    readonly street?: string
    readonly city?: string
    readonly state?: string
    readonly zip?: string
    readonly country?: string
    readonly country_code?: string
    readonly type?: string
  }[]
  /** The card as it was received, or as it shall go out, instead of one made from the rest. */
  readonly vcard?: string
}

const MAX_VCARD_LENGTH = 16_384

/** The card in the format that phones exchange. */
export function vcardOf(card: ContactCard): string {
  if (card.vcard !== undefined) return card.vcard
  const { name, phones = [], emails = [], urls = [], org, birthday, addresses = [] } = card
  const { last_name, first_name, middle_name, prefix, suffix } = name
  const names = [last_name, first_name, middle_name, prefix, suffix]
  return [
    'BEGIN:VCARD',
    'VERSION:3.0',
    ...(names.some(part => part !== undefined) ? [`N:${structured(names)}`] : []),
    `FN:${escaped(name.formatted_name)}`,
    ...(org?.company === undefined ? [] : [`ORG:${structured([org.company, org.department])}`]),
    ...(org?.title === undefined ? [] : [`TITLE:${escaped(org.title)}`]),
    ...phones.map(({ phone, type = 'CELL', wa_id }) => {
      const waid = wa_id === undefined ? '' : `;waid=${wa_id}`
      return `TEL;type=${type}${waid}:${escaped(phone)}`
    }),
    ...emails.map(({ email, type }) => `EMAIL${typed(type)}:${escaped(email)}`),
    ...urls.map(({ url, type }) => `URL${typed(type)}:${escaped(url)}`),
    ...addresses.map(({ type, street, city, state, zip, country, country_code }) => {
      const place = ['', '', street, city, state, zip, country ?? country_code]
      return `ADR${typed(type)}:${structured(place)}`
    }),
    ...(birthday === undefined ? [] : [`BDAY:${birthday}`]),
    'END:VCARD',
  ].join('\n')
}

/** What keeps a vCard from being one; undefined for one that phones can read. */
export function vcardFault(vcard: string): string | undefined {
  if (vcard.length > MAX_VCARD_LENGTH) return `must have at most ${MAX_VCARD_LENGTH} characters`
  const lines = vcard.trimEnd().split(/\r?\n/)
  if (lines.at(0)?.toUpperCase() !== 'BEGIN:VCARD') return 'must begin with BEGIN:VCARD'
  if (lines.at(-1)?.toUpperCase() !== 'END:VCARD') return 'must end with END:VCARD'
  if (lines.some(line => hasControl(line))) return 'must not contain control characters'
  const inner = lines.slice(1, -1)
  if (inner.some(line => /^(BEGIN|END):/i.test(line))) return 'must be one card'
  const stray = inner.find(line => !/^([A-Z0-9.-]+(;[^:]*)?:|[ \t])/i.test(line))
  if (stray !== undefined) return 'must consist of lines NAME:value'
  return inner.some(line => /^(item\d+\.)?FN[;:]/i.test(line)) ? undefined : 'must have a name (FN)'
}

/** Tabs alone are no harm. */
function hasControl(line: string): boolean {
  return [...line].some(char => (char < ' ' && char !== '\t') || char === '\u007f')
}

function typed(type: string | undefined): string {
  return type === undefined ? '' : `;type=${type}`
}

function structured(parts: readonly (string | undefined)[]): string {
  return parts.map(part => escaped(part ?? '')).join(';')
}

/** Commas, semicolons and line ends belong to the format. */
function escaped(text: string): string {
  return text.replace(/[\\,;]/g, char => `\\${char}`).replace(/\r\n|\r|\n/g, '\\n')
}
