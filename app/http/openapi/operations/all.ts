import { a, type Operations } from '../operation.ts'
import { ACCOUNT_OPERATIONS } from './accounts.ts'
import { CHAT_OPERATIONS } from './chats.ts'
import { CLOUD_API_OPERATIONS } from './cloud-api.ts'
import { CHANNEL_OPERATIONS, GROUP_OPERATIONS } from './groups.ts'
import { MESSAGE_OPERATIONS } from './messages.ts'
import { DOCUMENT_OPERATIONS, POLICY_OPERATIONS } from './policy.ts'
import { WEBHOOK_OPERATIONS } from './webhooks.ts'
import { WHINSELF_OPERATIONS } from './whinself.ts'

/** Every route that clients can reach; by the heading that they stand under. */
export const GROUPED_OPERATIONS: Readonly<Record<string, Operations>> = {
  Accounts: ACCOUNT_OPERATIONS,
  Messages: MESSAGE_OPERATIONS,
  'Chats and contacts': CHAT_OPERATIONS,
  Groups: GROUP_OPERATIONS,
  Channels: CHANNEL_OPERATIONS,
  'Events and webhooks': WEBHOOK_OPERATIONS,
  Policy: POLICY_OPERATIONS,
  'WhatsApp Cloud API': CLOUD_API_OPERATIONS,
  Whinself: WHINSELF_OPERATIONS,
  'This document': DOCUMENT_OPERATIONS,
}

/** What is answered to anybody, before anybody is known. */
export const PROBES: Operations = {
  'GET /livez': { id: 'isAlive', summary: 'Whether the process lives.', answers: { 200: a('Status') } },
  'GET /readyz': {
    ...{ id: 'isReady', summary: 'Whether it can do its work.', answers: { 200: a('Status') } },
    problems: ['not-ready'],
  },
}
