import type { ClientFiles } from '../endpoints.ts'
import {
  type ApiCall,
  CONTACT,
  callApi,
  clientCertHeader,
  endpointsOf,
  jsonOf,
  type TourContext,
} from './context.ts'
import { expect, type Step } from './tour.ts'

/** A recipient that the sandbox's policy denies to the client `limited`, and one that it allows. */
const DENIED = '+15559990001'
const MANY = 40

/** Step 9: who is refused, each beside the same thing allowed. Each entry throws, or answers what it saw. */
const refusals: Readonly<Record<string, (context: TourContext) => Promise<void>>> = {
  'no certificate': context => noAnswer(context, null),
  'unknown certificate': context => noAnswer(context, context.clients.stranger),
  'revoked certificate': context =>
    answered(context, { path: '/v1/whoami', as: context.clients.revoked }, 401),
  'wrong network': context => answered(context, { path: '/v1/accounts', as: context.clients.elsewhere }, 403),
  'forged Client-Cert': forgedHeader,
  'denied recipient': deniedRecipient,
  'over the limit': overTheLimit,
}

export const refusalStep: Step<TourContext> = {
  step: 'refused, each beside an allowed twin',
  async run(context) {
    await answered(context, { path: '/v1/accounts' }, 200)
    for (const [name, check] of Object.entries(refusals)) {
      await check(context).catch((cause: unknown) => {
        throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      })
    }
    await answered(context, { path: '/v1/accounts' }, 200) // no answer was none of an edge that is down
    return Object.keys(refusals).join(', ')
  },
}

async function noAnswer(context: TourContext, as: ClientFiles | null): Promise<void> {
  const status = await callApi(context, { path: '/v1/whoami', as }).then(
    answer => answer.status,
    () => undefined,
  )
  expect(status === undefined, `expected no HTTP answer, got ${status}`)
}

async function answered(context: TourContext, call: ApiCall, status: number): Promise<void> {
  const answer = await callApi(context, call)
  expect(answer.status === status, `expected ${status}, got ${answer.status}: ${answer.text}`)
}

async function forgedHeader(context: TourContext): Promise<void> {
  const demo = endpointsOf(context).clients?.demo
  expect(demo !== undefined, 'the sandbox has no demo client')
  const headers = {
    'client-cert': clientCertHeader(demo),
    'postern-site': 'dashboard',
    'postern-basic-user': 'oncall',
  }
  const answer = await callApi(context, { path: '/v1/whoami', as: context.clients.limited, headers })
  const { principal } = jsonOf<{ principal: unknown }>(answer)
  expect(JSON.stringify(principal).includes('limited'), `the header made us ${JSON.stringify(principal)}`)
}

function textTo(context: TourContext, to: string): ApiCall {
  return {
    method: 'POST',
    path: '/v1/accounts/main/messages',
    body: { to, type: 'text', text: { body: 'a text of the limited client' } },
    as: context.clients.limited,
  }
}

async function deniedRecipient(context: TourContext): Promise<void> {
  await answered(context, textTo(context, CONTACT), 202)
  const answer = await callApi(context, textTo(context, DENIED))
  expect(answer.status === 403, `expected 403, got ${answer.status}`)
  const { decision } = jsonOf<{ decision?: string }>(answer)
  expect(decision?.startsWith('dec_') === true, 'the refusal carries no decision id')
}

async function overTheLimit(context: TourContext): Promise<void> {
  for (let i = 0; i < MANY; i++) {
    const answer = await callApi(context, textTo(context, CONTACT))
    if (answer.status === 202) continue
    expect(answer.status === 429, `expected 429, got ${answer.status}`)
    expect(Number(answer.headers['retry-after']) > 0, '429 without Retry-After')
    return
  }
  throw new Error(`${MANY} messages went through`)
}
