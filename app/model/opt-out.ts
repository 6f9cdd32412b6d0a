/** The template that confirms an opt-out and is there without being declared. */
export const OPT_OUT_CONFIRMATION = 'optout-confirmed'

const CONFIRMATIONS: Readonly<Record<string, string>> = {
  en: 'You will get no more messages from us.',
  fr: 'Vous ne recevrez plus de messages de notre part.',
  de: 'Sie erhalten von uns keine Nachrichten mehr.',
  es: 'No recibirá más mensajes nuestros.',
  it: 'Non riceverà più messaggi da noi.',
  nl: 'U ontvangt geen berichten meer van ons.',
  pt: 'Não receberá mais mensagens nossas.',
}

/** What it says to whom used a word of this language; English where it knows no better. */
export function confirmationIn(language: string): string {
  return CONFIRMATIONS[language.split('-', 1)[0] ?? ''] ?? CONFIRMATIONS.en ?? ''
}

/** Words by language, as people write them. */
export type Keywords = Readonly<Record<string, readonly string[]>>

/** Nobody writes so many characters around a keyword, and to put the marks of a long text in order takes minutes. */
const MAX_CHARACTERS = 1_000

/** The language under which a message says one of the words and nothing else; case, accents and marks do not count. */
export function languageOfKeyword(text: string, keywords: Keywords): string | undefined {
  const said = text.length > MAX_CHARACTERS ? '' : plain(text)
  if (said === '') return undefined
  return Object.keys(keywords).find(language => keywords[language]?.some(word => plain(word) === said))
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase()
}
