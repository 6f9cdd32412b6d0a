/** What commands show to people while they follow something. On a terminal the newest takes the place of what was before. */
export type Screen = {
  readonly isTerminal: boolean
  /** Shows something that the next of its kind replaces. */
  show(text: string): void
  /** Says what is going on; not a word of it where nobody watches. */
  status(text: string): void
  /** Leaves what is shown, and takes the status away. */
  end(): void
}

const CLEAR_LINE = '\r\x1b[K'

/** Output goes to standard output, the status to standard error. */
export function openScreen(out: Terminal = process.stdout, err: Terminal = process.stderr): Screen {
  const isTerminal = out.isTTY === true
  const hasStatus = isTerminal && err.isTTY === true
  let shownLines = 0
  let hasWord = false

  function clearStatus(): void {
    if (hasWord) err.write(CLEAR_LINE)
    hasWord = false
  }

  return {
    isTerminal,
    show(text) {
      clearStatus()
      if (isTerminal && shownLines > 0) out.write(`\x1b[${shownLines}A\x1b[J`)
      console.log(text)
      shownLines = text.split('\n').length
    },
    status(text) {
      if (!hasStatus) return
      err.write(`${CLEAR_LINE}${text}`)
      hasWord = true
    },
    end: clearStatus,
  }
}

type Terminal = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean }
