import { callApi, callSimulator, endpointsOf, jsonOf, type TourContext } from './context.ts'
import { groupStep } from './group.ts'
import { messageSteps } from './messages.ts'
import { pictureStep } from './picture.ts'
import { refusalStep } from './refusals.ts'
import { reloadStep } from './reload.ts'
import { survivalSteps } from './survival.ts'
import { expect, type Step } from './tour.ts'

/** The tour of contract section 8, as far as it goes in this version. */
export const tourSteps: readonly Step<TourContext>[] = [
  { step: 'policies checked', run: context => context.checkPolicies() },
  { step: 'edge, app and simulator answer', run: comeUp },
  { step: 'account linked by scanning the QR', run: link },
  ...messageSteps,
  pictureStep,
  groupStep,
  refusalStep,
  ...survivalSteps,
  reloadStep,
]

async function comeUp(context: TourContext): Promise<string> {
  context.endpoints = await context.bringUp()
  const answer = await callApi(context, { path: '/v1/whoami' })
  expect(answer.status === 200, `whoami answered ${answer.status}: ${answer.text}`)
  const stats = (await callSimulator(context, '/stats')) as { connections: number }
  return `whoami 200 through Caddy, policy ${answer.headers['postern-policy']}, simulator ${JSON.stringify(stats.connections)} connections`
}

async function link(context: TourContext): Promise<string> {
  const endpoints = endpointsOf(context)
  await context.linkMain(endpoints)
  const account = jsonOf<{ state: string; phone: string }>(
    await callApi(context, { path: '/v1/accounts/main' }),
  )
  expect(account.state === 'open', `the account is ${account.state}`)
  return `main is ${account.phone}, ${account.state}`
}
