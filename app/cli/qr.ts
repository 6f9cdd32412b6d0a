import { renderUnicodeCompact } from 'uqr'

/** Light modules around the code, without which cameras do not find it. */
const QUIET = 2
/** Bright white on black whatever the terminal's theme is: a code with light and dark changed over is not read by every phone. */
const COLOURS = ['\x1b[97;40m', '\x1b[0m'] as const

/** A QR code of two modules a character; without colours it is right where the terminal is dark. */
export function qrText(text: string, { colours }: { readonly colours: boolean }): string {
  const [on, off] = colours ? COLOURS : ['', '']
  const lines = renderUnicodeCompact(text, { border: QUIET }).split('\n')
  return lines.map(line => `${on}${line}${off}`).join('\n')
}
