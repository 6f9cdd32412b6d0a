import type { AccountState } from '../../../model/account.ts'
import type { JsonObject } from '../../../model/event.ts'
import type { Social } from '../../../whatsapp/social/social.ts'
import { type Parsed, type Problem, parsed, problem } from '../../answer.ts'
import type { HttpDeps } from '../../deps.ts'
import { type Call, param } from '../../hop/call.ts'

export type SocialDeps = Pick<HttpDeps, 'sessions' | 'store' | 'route' | 'limiter' | 'now'>

/** Asks WhatsApp over the account that the path names. */
export async function ask<T>(
  call: Call,
  { sessions }: Pick<SocialDeps, 'sessions'>,
  question: (social: Social) => Promise<T>,
): Promise<Parsed<T>> {
  const asked = await sessions.ask(param(call, 'account'), question)
  switch (asked.kind) {
    case 'answered':
      return parsed(asked.value)
    case 'unknown-account':
      return problem('not-found', 'There is no account of this name.')
    case 'not-open':
      return notOpen(asked.state)
    case 'refused':
      return refused(asked.code)
    case 'unanswered':
      return problem('whatsapp-silent', 'WhatsApp did not answer; what was asked may have been done.', SOON)
  }
}

/** What was done, and by whom; a person or a chat in `target` and `detail` is kept as a keyed hash. */
export type Deed = { readonly action: string; readonly target?: string; readonly detail: JsonObject }

/** Asks for something to be done, and writes down that it was. */
export async function act<T>(
  call: Call,
  { question, deed }: { readonly question: (social: Social) => Promise<T>; readonly deed: Deed },
  deps: SocialDeps,
): Promise<Parsed<T>> {
  const answer = await ask(call, deps, question)
  if (answer.kind === 'problem') return answer
  const { action, target = param(call, 'account'), detail } = deed
  const more = { account: param(call, 'account'), request: call.id, policy: call.policy.revision }
  const audit = { ...call.actor, at: deps.now(), action, target, decision: 'done' } as const
  await deps.store.events.append({ audit: [{ ...audit, detail: { ...detail, ...more } }] })
  return answer
}

const SOON = { headers: { 'Retry-After': '30' } }
const LATER = { headers: { 'Retry-After': '60' } }

/** States that pass by themselves; out of the others somebody has to help. */
const PASSING: ReadonlySet<AccountState> = new Set(['connecting', 'open'])

function notOpen(state: AccountState): Problem {
  return PASSING.has(state)
    ? problem('not-connected', 'The account is connecting; try again in a moment.', SOON)
    : problem('conflict', `The account is ${state.replace('_', ' ')}: WhatsApp cannot be asked.`)
}

function refused(code: number): Problem {
  const said = `(WhatsApp’s code ${code})`
  if (code === 401 || code === 403) return problem('whatsapp-refused', `The account may not do this ${said}.`)
  if (code === 404 || code === 406 || code === 410)
    return problem('not-found', `WhatsApp knows no such thing, or no longer ${said}.`)
  if (code === 409) return problem('conflict', `It is so already ${said}.`)
  if (code === 420 || code === 429)
    return problem('limited', `WhatsApp asks for patience ${said}; try again later.`, LATER)
  if (code >= 500) return problem('whatsapp-silent', `WhatsApp is out of order ${said}.`, SOON)
  return problem('whatsapp-refused', `WhatsApp does not take this ${said}.`)
}
