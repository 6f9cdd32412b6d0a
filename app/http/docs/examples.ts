import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program that sends a text with a client certificate and waits until WhatsApp has it; a test runs each. */
export type Example = {
  readonly name: 'curl' | 'node' | 'python' | 'go'
  readonly title: string
  /** In this folder. */
  readonly file: string
  /** What runs it, the file's name left out. */
  readonly command: readonly [string, ...string[]]
  /** What it needs beside the tool. */
  readonly needs: string
}

const NOTHING = 'Nothing but the tool itself.'

export const EXAMPLES: readonly Example[] = [
  { name: 'curl', title: 'curl', file: 'send.sh', command: ['sh'], needs: NOTHING },
  { name: 'node', title: 'Node', file: 'send.mjs', command: ['node'], needs: 'Node 22 or newer.' },
  { name: 'python', title: 'Python', file: 'send.py', command: ['python3'], needs: 'Python 3.8 or newer.' },
  { name: 'go', title: 'Go', file: 'send.go', command: ['go', 'run'], needs: 'Go 1.18 or newer.' },
]

export function sourceOf({ file }: Example): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8')
}
