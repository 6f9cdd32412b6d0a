import { once } from 'node:events'
import { request } from 'node:https'
import { proofFrom } from '../../app/supervise/ask.ts'
import type { Sandbox } from './sandbox.ts'

/** An upload through the edge, which goes on for as long as its test likes. */
export type Uploading = {
  /** Waits where the far side takes no more now. */
  write(bytes: Buffer): Promise<void>
  /** Of the answer; undefined when there is none. */
  readonly status: Promise<number | undefined>
}

/** Begins an upload of `size` bytes. */
export function beginUpload(sandbox: Sandbox, size: number): Uploading {
  const { api, ca_file, clients } = sandbox.endpoints()
  const { promise: status, resolve } = Promise.withResolvers<number | undefined>()
  const call = request(`${api}/v1/accounts/main/media`, {
    ...{ ...proofFrom(ca_file, clients.demo), agent: false, method: 'POST' },
    headers: { 'content-type': 'application/octet-stream', 'content-length': size },
  })
  call.on('response', answer => resolve(answer.resume().statusCode))
  call.on('error', () => resolve(undefined))
  return {
    status,
    async write(bytes) {
      if (!call.write(bytes) && !call.destroyed)
        await Promise.race([once(call, 'drain'), once(call, 'close')])
    },
  }
}
