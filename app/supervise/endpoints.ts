import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'

/** `data/run/endpoints.json`: where everything answers. Contract section 1. */
export type Endpoints = {
  readonly ready: true
  readonly api?: string
  readonly dashboard?: string
  readonly hooks?: string
  readonly keys?: string
  readonly metrics?: string
  readonly ca_file?: string
  readonly policy: string
  readonly pids: Readonly<Record<string, number>>
  readonly clients?: Readonly<Record<string, ClientFiles>>
  readonly accounts?: Readonly<Record<string, { readonly phone: string }>>
  readonly simulator?: { readonly url: string; readonly admin: string }
  readonly receiver?: { readonly url: string; readonly deliveries: string; readonly secret_file: string }
}

export type ClientFiles = {
  readonly cert_file: string
  readonly key_file: string
  readonly api_key_file?: string
}

/** Where it lies. Its presence says that everything answers. */
export function endpointsFile(dataDir: string): string {
  return join(dataDir, 'run', 'endpoints.json')
}

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeEndpoints(dataDir: string, endpoints: Endpoints): void {
  privateFolder(join(dataDir, 'run'))
  replaceFile(endpointsFile(dataDir), `${JSON.stringify(endpoints, null, 2)}\n`, 0o600)
}

/** Says that nothing answers any more. */
export function removeEndpoints(dataDir: string): void {
  rmSync(endpointsFile(dataDir), { force: true })
}
