import type { AccountOutcome } from '../../whatsapp/sessions.ts'
import { type Answer, json, problem } from '../answer.ts'
import { may } from '../authorize.ts'
import type { HttpDeps } from '../deps.ts'
import { type Call, param } from '../hop/call.ts'
import { bodyReader } from '../schemas/body.ts'
import { EMPTY_SCHEMA } from '../schemas/link.ts'
import { accountJson } from '../wire/account.ts'
import { type Route, V1_SITES } from './route.ts'

const OPERATIONS = ['logout', 'restart', 'pause', 'resume'] as const
const readEmpty = bodyReader<object>(EMPTY_SCHEMA)

/** Accounts: what there is, how they are, and what operators do with them. */
export function accountRoutes({ sessions }: Pick<HttpDeps, 'sessions'>): readonly Route[] {
  return [
    {
      method: 'get',
      path: '/v1/accounts',
      sites: V1_SITES,
      access: { kind: 'any-account', action: 'accounts.read' },
      handle: call => {
        const visible = sessions
          .list()
          .filter(account => may(call, 'accounts.read', { account: account.name }).effect === 'allow')
        return json({ data: visible.map(accountJson), next: null })
      },
    },
    {
      method: 'get',
      path: '/v1/accounts/:account',
      sites: V1_SITES,
      access: { kind: 'account', action: 'accounts.read' },
      handle: call => {
        const account = sessions.get(param(call, 'account'))
        return account === undefined ? UNKNOWN : json(accountJson(account))
      },
    },
    ...OPERATIONS.map(
      (operation): Route => ({
        method: 'post',
        path: `/v1/accounts/:account/${operation}`,
        sites: V1_SITES,
        access: { kind: 'account', action: 'accounts.manage' },
        handle: call => operate(call, name => sessions[operation](name, call.actor)),
      }),
    ),
  ]
}

async function operate(call: Call, act: (account: string) => Promise<AccountOutcome>): Promise<Answer> {
  const body = readEmpty(call.request.body ?? {})
  if (body.kind === 'problem') return body
  const outcome = await act(param(call, 'account'))
  switch (outcome.kind) {
    case 'done':
      return json(accountJson(outcome.account))
    case 'unknown-account':
      return UNKNOWN
    case 'wrong-state':
      return problem('conflict', outcome.reason)
  }
}

const UNKNOWN = problem('not-found', 'There is no account of this name.')
