import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callApi, jsonOf, type TourContext } from './context.ts'
import { expect, type Step, until } from './tour.ts'

const WITHIN_MS = 30_000

type Shown = {
  readonly live: { readonly revision: string }
  readonly disk: { readonly in_force: boolean; readonly error: { readonly place: string } | null }
  readonly rejected: { readonly error: string } | null
}

/** Step 13: what may be done changes without a restart, and a mistake changes nothing. */
export const reloadStep: Step<TourContext> = {
  step: 'policy edited and applied; a broken edit refused',
  run: editPolicies,
}

async function editPolicies(context: TourContext): Promise<string> {
  expect((await readAccount(context)) === 200, 'limited cannot read its account to begin with')
  edit(context, 'actions: [accounts.read, messages.read]', 'actions: [messages.read]')
  context.reloadPolicies()
  const applied = await until('the edited policy in force', WITHIN_MS, async () => {
    const shown = await policyOf(context)
    return shown.disk.in_force ? shown.live.revision : undefined
  })
  expect((await readAccount(context)) === 403, 'limited still reads what was taken from it')

  edit(context, 'principals: [limited]', 'principals: [limitde]')
  context.reloadPolicies()
  const refused = await until('the broken policy refused', WITHIN_MS, async () => {
    const shown = await policyOf(context)
    return shown.rejected === null ? undefined : shown
  })
  expect(refused.live.revision === applied, `${refused.live.revision} is in force instead of ${applied}`)
  return `${applied} without a restart; refused: ${refused.disk.error?.place}`
}

async function readAccount(context: TourContext): Promise<number> {
  return (await callApi(context, { path: '/v1/accounts/main', as: context.clients.limited })).status
}

async function policyOf(context: TourContext): Promise<Shown> {
  const answer = await callApi(context, { path: '/v1/policy' })
  expect(answer.status === 200, `the policy answered ${answer.status}: ${answer.text}`)
  return jsonOf<Shown>(answer)
}

function edit({ policies }: TourContext, from: string, to: string): void {
  const file = join(policies, 'access.yaml')
  const before = readFileSync(file, 'utf8')
  expect(before.includes(from), `access.yaml does not say ${from}`)
  writeFileSync(file, before.replace(from, to))
}
