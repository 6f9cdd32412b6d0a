import { kindOfChat } from '../../model/chat.ts'
import type { Message } from '../../model/message.ts'
import { type Answer, problem } from '../answer.ts'
import { type AuthorizeDeps, authorize, type Resource, unknownAccount } from '../authorize.ts'
import { type Call, param } from '../hop/call.ts'

/** The message that the path names, once the policy has agreed to this action on it. */
export async function findMessage(
  call: Call,
  action: string,
  deps: AuthorizeDeps,
): Promise<{ message: Message } | { answer: Answer }> {
  const account = param(call, 'account')
  const known = unknownAccount(call, account) === undefined
  const message = known ? await deps.store.messages.get(account, param(call, 'id')) : undefined
  const refused = await authorize(
    call,
    action,
    message === undefined ? { account } : touchedBy(message),
    deps,
  )
  if (refused !== undefined) return { answer: refused }
  return message === undefined ? { answer: UNKNOWN_MESSAGE } : { message }
}

/** What a rule can say about a message. */
export function touchedBy(message: Message): Resource {
  return {
    account: message.account,
    to: message.chat,
    recipientKind: kindOfChat(message.chat),
    type: message.content.type,
  }
}

export const UNKNOWN_MESSAGE = problem('not-found', 'There is no message of this id in this account.')
