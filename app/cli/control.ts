import { request } from 'node:http'
import { type Config, controlSocket } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'

export type ControlQuestion = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query of the HTTP API: `/v1/endpoints`. */
  readonly path: string
  readonly body?: unknown
  /** How long the answer may take; as long as it does, when absent. */
  readonly withinMs?: number
}

type DataFolder = Pick<Config, 'dataDir'>

export type ControlAnswer = { readonly status: number; readonly body: unknown }

/**
 * Asks the running app of this data folder, through its control socket and with every right. Throws
 * `control.not_running` when none runs, `control.forbidden` when it belongs to another user, `control.lost` when it ended
 * before it answered, `control.silent` when it took too long: what was asked may have happened or not.
 */
export async function askControl(config: DataFolder, question: ControlQuestion): Promise<ControlAnswer> {
  try {
    return await exchange(controlSocket(config.dataDir), question)
  } catch (cause) {
    throw explained(cause, config)
  }
}

/** The body of a 2xx answer; every other answer is thrown as `control.refused` with the sentence the app gave. */
export async function tellControl<T>(config: DataFolder, question: ControlQuestion): Promise<T> {
  const { status, body } = await askControl(config, question)
  if (status >= 200 && status < 300) return body as T
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : `status ${status}`
  throw new PosternError('control.refused', detail)
}

function exchange(socketPath: string, question: ControlQuestion): Promise<ControlAnswer> {
  const { method, path, body, withinMs } = question
  const text = body === undefined ? undefined : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>()
  const call = request({
    socketPath,
    path,
    method: method ?? (text === undefined ? 'GET' : 'POST'),
    headers:
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...(withinMs === undefined ? {} : { signal: AbortSignal.timeout(withinMs) }),
  })
  call.on('error', reject)
  call.on('response', async answer => {
    try {
      const received = Buffer.concat(await answer.toArray()).toString()
      resolve({ status: answer.statusCode ?? 0, body: received === '' ? undefined : JSON.parse(received) })
    } catch (error) {
      reject(error)
    }
  })
  call.end(text)
  return promise
}

function explained(cause: unknown, { dataDir }: DataFolder): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    const message = `the appliance of ${dataDir} is not running: start it with ./postern up`
    return new PosternError('control.not_running', message, { cause })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `the appliance of ${dataDir} belongs to another user: run this as that user`
    return new PosternError('control.forbidden', message, { cause })
  }
  if (code === 'ABORT_ERR') {
    const message = `the appliance of ${dataDir} runs, but has not answered in time`
    return new PosternError('control.silent', message, { cause })
  }
  if (code === 'ECONNRESET') {
    const message = `the appliance of ${dataDir} ended before it answered`
    return new PosternError('control.lost', message, { cause })
  }
  return cause
}
