/** The URL that a request may go to, or the sentence that refuses it before anything is resolved. */
export type ReadUrl =
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Ports on which something else than HTTP listens and might take a request for its own commands: the list every browser
 * keeps (WHATWG Fetch, "port blocking").
 */
const FOREIGN_PORTS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/** Reads an address. Plain http only for whoever asks for it; never credentials, never another scheme. */
export function readUrl(text: string, { plainHttp = false }: { readonly plainHttp?: boolean }): ReadUrl {
  const url = URL.parse(text)
  if (url === null) return refused('the address is no URL')
  if (url.protocol !== 'https:' && !(plainHttp && url.protocol === 'http:')) {
    return refused(`only ${plainHttp ? 'http and https' : 'https'} addresses may be reached`)
  }
  if (url.username !== '' || url.password !== '') return refused('the address carries credentials')
  if (FOREIGN_PORTS.has(Number(url.port))) return refused(`port ${url.port} belongs to another protocol`)
  return { kind: 'url', url }
}

function refused(reason: string): ReadUrl {
  return { kind: 'refused', reason }
}
