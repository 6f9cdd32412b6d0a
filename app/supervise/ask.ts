import { readFileSync } from 'node:fs'
import { request } from 'node:https'

/** A client's proof for one call: PEM texts. `ca` is what the server's certificate is checked against. */
export type Proof = { readonly ca: string; readonly cert?: string; readonly key?: string }

export type Question = {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Sent as it is, as JSON's media type unless a header names another; for what JSON cannot say. */
  readonly rawBody?: string | Uint8Array
  readonly proof: Proof
  /** The name to check the certificate against, when it is not the URL's. */
  readonly servername?: string
  readonly timeoutMs?: number
}

export type Answer = {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly bytes: Buffer
  readonly text: string
}

const TIMEOUT_MS = 10_000

/** One HTTPS call with a client certificate, on a connection of its own. Rejects when there is no HTTP answer. */
export function ask(question: Question): Promise<Answer> {
  const body = question.body === undefined ? question.rawBody : JSON.stringify(question.body)
  const { origin, hostname, port } = new URL(question.url)
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: hostname,
        port: port === '' ? 443 : port,
        path: question.url.slice(origin.length) || '/', // as it is written: URL would tidy it
        agent: false,
        method: question.method ?? 'GET',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...question.headers,
        },
        ...question.proof,
        ...(question.servername === undefined ? {} : { servername: question.servername }),
        timeout: question.timeoutMs ?? TIMEOUT_MS,
      },
      answer => {
        const chunks: Buffer[] = []
        answer.on('data', chunk => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const { statusCode: status = 0, headers } = answer
          resolve({ status, headers, bytes, text: bytes.toString() })
        })
      },
    )
    call.on('timeout', () => call.destroy(new Error('no answer in time')))
    call.on('error', reject)
    call.end(body)
  })
}

/** Reads a client's certificate and key, and the edge's CA. */
export function proofFrom(caFile: string, client?: { cert_file: string; key_file: string }): Proof {
  const ca = readFileSync(caFile, 'utf8')
  if (client === undefined) return { ca }
  return { ca, cert: readFileSync(client.cert_file, 'utf8'), key: readFileSync(client.key_file, 'utf8') }
}

/** True when the question gets an answer with a status below 500. */
export async function answers(question: Question): Promise<boolean> {
  try {
    return (await ask({ timeoutMs: 2_000, ...question })).status < 500
  } catch {
    return false
  }
}
