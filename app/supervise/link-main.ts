import { type Answer, ask, type Proof, proofFrom } from './ask.ts'
import type { Endpoints } from './endpoints.ts'

/** The simulated phone that the sandbox's account `main` is linked to. */
export const MAIN_PHONE = '+12025550100'

const OPEN_WITHIN_MS = 60_000
const ASK_EVERY_MS = 50

type AccountAnswer = { readonly state: string }
type LinkAnswer = { readonly state: string; readonly qr?: string }

/** Brings the sandbox's account `main` to `open`. Throws when it does not open in time. */
export function linkMain(endpoints: Endpoints): Promise<void> {
  return linkAccount(endpoints, { account: 'main', phone: MAIN_PHONE, name: 'Main' })
}

/** An account, and the simulated phone that it is to be linked to; `name` is what its owner is called. */
export type LinkWish = { readonly account: string; readonly phone: string; readonly name: string }

/**
 * Brings an account to `open`: links it to a simulated phone when it has no device, as a person would, through the api
 * site; otherwise waits for it to connect again. Throws when it does not open in time.
 */
export async function linkAccount(endpoints: Endpoints, { account, phone, name }: LinkWish): Promise<void> {
  const { api, ca_file, clients, simulator } = endpoints
  if (api === undefined || ca_file === undefined || simulator === undefined) throw new Error('not a sandbox')
  const proof = proofFrom(ca_file, clients?.demo)
  const path = `/v1/accounts/${account}`
  const shown = async () => read<AccountAnswer>(await call(api, proof, path))
  if (['unlinked', 'logged_out', 'pairing'].includes((await shown()).state)) {
    await adminCall(simulator.admin, '/phones', { number: phone, name })
    await call(api, proof, `${path}/link`, { method: 'qr' })
    const { qr } = await poll('a QR to scan', async () => {
      const link = read<LinkAnswer>(await call(api, proof, `${path}/link`))
      return link.qr === undefined ? undefined : link
    })
    await adminCall(simulator.admin, `/phones/${phone}/scan`, { qr })
  }
  await poll(`account ${account} to open`, async () => ((await shown()).state === 'open' ? true : undefined))
}

async function call(api: string, proof: Proof, path: string, body?: unknown): Promise<Answer> {
  const answer = await ask({
    url: `${api}${path}`,
    proof,
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  if (answer.status >= 400 && answer.status !== 404)
    throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
  return answer
}

function read<T>(answer: Answer): T {
  return JSON.parse(answer.text) as T
}

async function adminCall(admin: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${admin}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  if (!answer.ok) throw new Error(`simulator ${path} answered ${answer.status}: ${await answer.text()}`)
}

async function poll<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + OPEN_WITHIN_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited ${OPEN_WITHIN_MS / 1_000} s for ${what}`)
    await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS))
  }
}
