import { readFileSync } from 'node:fs'
import { type Answer, ask, proofFrom } from '../ask.ts'
import type { ClientFiles, Endpoints } from '../endpoints.ts'

/** What the steps share. `endpoints` is complete once the appliance is up; the rest fills as the tour goes on. */
export type TourContext = {
  readonly checkPolicies: () => Promise<string>
  readonly bringUp: () => Promise<Endpoints>
  /** The folder of its policies, which may be edited. */
  readonly policies: string
  /** Has the app look at that folder now. */
  readonly reloadPolicies: () => void
  readonly linkMain: (endpoints: Endpoints) => Promise<void>
  /** Certificates made for the tour, by the name of the principal (or of the flaw) they carry. */
  readonly clients: Readonly<Record<TourClient, ClientFiles>>
  endpoints?: Endpoints
  /** Our id and WhatsApp's of the text of step 4. */
  sent?: { readonly id: string; readonly messageId: string }
}

/** `revoked` is named in the policy's revocation list, `stranger` comes from a CA of its own. */
export type TourClient = 'limited' | 'elsewhere' | 'revoked' | 'stranger'

/** The contact on the other side; any number works in the sandbox. */
export const CONTACT = '+15550100001'

export function endpointsOf(context: TourContext): Endpoints & { api: string; ca_file: string } {
  const { endpoints } = context
  if (endpoints?.api === undefined || endpoints.ca_file === undefined)
    throw new Error('the appliance is not up')
  return { ...endpoints, api: endpoints.api, ca_file: endpoints.ca_file }
}

export type ApiCall = {
  readonly path: string
  readonly method?: string
  readonly body?: unknown
  /** Sent as it is. */
  readonly rawBody?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Certificate to show; the demo client's when absent, none when `null`. */
  readonly as?: ClientFiles | null
}

/** One call to the api site, through Caddy. */
export function callApi(context: TourContext, call: ApiCall): Promise<Answer> {
  const { api, ca_file, clients } = endpointsOf(context)
  const client = call.as === null ? undefined : (call.as ?? clients?.demo)
  return ask({
    url: `${api}${call.path}`,
    proof: proofFrom(ca_file, client),
    ...(call.method === undefined ? {} : { method: call.method }),
    ...(call.body === undefined ? {} : { body: call.body }),
    ...(call.rawBody === undefined ? {} : { rawBody: call.rawBody }),
    ...(call.headers === undefined ? {} : { headers: call.headers }),
  })
}

/** One call to the simulator's admin side; JSON both ways. */
export async function callSimulator(context: TourContext, path: string, body?: unknown): Promise<unknown> {
  const admin = endpointsOf(context).simulator?.admin
  const answer = await fetch(`${admin}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`simulator answered ${answer.status} to ${path}: ${await answer.text()}`)
  return answer.json()
}

/** The text of a certificate without its frame, as RFC 9440 carries it. */
export function clientCertHeader(files: ClientFiles): string {
  const base64 = readFileSync(files.cert_file, 'utf8').replaceAll(/-----[^-]+-----|\s/g, '')
  return `:${base64}:`
}

/** Reads an answer as JSON of the shape the contract gives. */
export function jsonOf<T>(answer: Answer): T {
  return JSON.parse(answer.text) as T
}
