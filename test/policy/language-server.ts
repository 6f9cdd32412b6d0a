import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const SERVER = join(
  import.meta.dirname,
  '..',
  '..',
  'node_modules',
  'yaml-language-server',
  'bin',
  'yaml-language-server',
)
const ANSWER_MS = 120_000

export type EditorMark = { readonly line: number; readonly column: number; readonly message: string }
type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}
type Published = {
  readonly uri: string
  readonly diagnostics: readonly {
    readonly message: string
    readonly range: { readonly start: { line: number; character: number } }
  }[]
}

/** The language server that editors start, spoken to as they do: JSON-RPC over its standard input and output. */
export function startLanguageServer(t: TestContext) {
  const server = spawn(process.execPath, [SERVER, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] })
  t.after(() => server.kill())
  const waiting = new Map<string, (marks: readonly EditorMark[]) => void>()
  const answers = new Map<number, () => void>()
  let received = Buffer.alloc(0)
  server.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    for (let message = take(); message !== undefined; message = take()) answer(message)
  })
  return { initialize, marksOf }

  async function initialize(): Promise<void> {
    const done = new Promise<void>(resolve => answers.set(1, resolve))
    send({ id: 1, method: 'initialize', params: { processId: process.pid, rootUri: null, capabilities: {} } })
    await done
    send({ method: 'initialized', params: {} })
  }

  /** What the editor would underline in this text, were it that file. */
  function marksOf(uri: string, text: string): Promise<readonly EditorMark[]> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no diagnostics from the language server')), ANSWER_MS)
      waiting.set(uri, marks => {
        clearTimeout(late)
        resolve(marks)
      })
      const textDocument = { uri, languageId: 'yaml', version: 1, text }
      send({ method: 'textDocument/didOpen', params: { textDocument } })
    })
  }

  function answer({ id, method, params, result }: Message): void {
    if (method === undefined && id !== undefined && result !== undefined) answers.get(id)?.()
    // What the server asks of the editor: nothing is configured.
    else if (id !== undefined)
      send({ id, result: method === 'workspace/configuration' ? [{}, {}, {}, {}, {}] : null })
    else if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as Published
      const marks = diagnostics.map(({ message, range: { start } }) => ({
        line: start.line + 1,
        column: start.character + 1,
        message,
      }))
      waiting.get(uri)?.(marks)
    }
  }

  function send(message: object): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))
    server.stdin.write(`Content-Length: ${body.length}\r\n\r\n`)
    server.stdin.write(body)
  }

  function take(): Message | undefined {
    const end = received.indexOf('\r\n\r\n')
    const length = Number(
      /Content-Length: (\d+)/i.exec(received.subarray(0, Math.max(end, 0)).toString())?.[1],
    )
    if (end < 0 || received.length < end + 4 + length) return undefined
    const body = received.subarray(end + 4, end + 4 + length).toString()
    received = received.subarray(end + 4 + length)
    return JSON.parse(body) as Message
  }
}
