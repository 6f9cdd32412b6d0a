import { MESSAGE_SCHEMAS } from '../../schemas/message.ts'
import { MESSAGE_LIST } from '../../schemas/queries.ts'
import { APPROVE_SCHEMA, REJECT_SCHEMA } from '../../schemas/review.ts'
import { a, BYTES, mayTake, type Operations, pageOf, takes } from '../operation.ts'
import { IDEMPOTENCY_KEY, TO_SEND } from './to-send.ts'

const LIST = '/v1/accounts/:account/messages'
const ONE = `${LIST}/:id`
const MEDIA = '/v1/accounts/:account/media'

/** A file in a form. */
export const A_FORM = {
  type: 'object',
  required: ['file'],
  properties: { file: BYTES, messaging_product: { const: 'whatsapp' } },
}

export const MESSAGE_OPERATIONS: Operations = {
  [`GET ${LIST}`]: {
    id: 'listMessages',
    summary: 'Messages in both directions, the latest first.',
    query: MESSAGE_LIST,
    answers: { 200: pageOf('Message') },
  },
  [`POST ${LIST}`]: {
    id: 'sendMessage',
    summary:
      'Sends a message. 202 means that it is durable: from then on it is sent, held, or its failure told.',
    headers: IDEMPOTENCY_KEY,
    body: takes({ oneOf: Object.values(MESSAGE_SCHEMAS) }, TO_SEND),
    answers: { 202: a('AcceptedMessage') },
    problems: ['invalid-recipient', 'unsupported-type', 'idempotency-key-reused'],
  },
  [`GET ${ONE}`]: {
    id: 'getMessage',
    summary: 'One message with its timeline.',
    answers: { 200: a('Message') },
  },
  [`DELETE ${ONE}`]: {
    id: 'cancelMessage',
    summary: 'Takes a message back that is still queued or held.',
    answers: { 200: a('Message') },
    problems: ['conflict'],
  },
  [`POST ${ONE}/approve`]: {
    id: 'approveMessage',
    summary: 'Lets a held message go on. Nobody approves their own.',
    body: mayTake(APPROVE_SCHEMA, { reason: { reason: 'The customer has asked for it.' } }),
    answers: { 200: a('Message') },
    problems: ['conflict'],
  },
  [`POST ${ONE}/reject`]: {
    id: 'rejectMessage',
    summary: 'Ends a held message; whoever sent it is told why.',
    body: takes(REJECT_SCHEMA, { reason: { reason: 'Not on a Sunday.' } }),
    answers: { 200: a('Message') },
    problems: ['conflict'],
  },
  [`POST ${MEDIA}`]: {
    id: 'uploadMedia',
    summary: 'Takes a file, as the whole body or in a form. Its type is told by its content.',
    body: { content: { 'application/octet-stream': BYTES, 'multipart/form-data': A_FORM } },
    answers: { 201: a('Media') },
    problems: ['invalid'],
  },
  [`GET ${MEDIA}/:id`]: {
    id: 'getMedia',
    summary: 'The bytes of a file, or a range of them; as JSON, what it is.',
    answers: { 200: { '*/*': BYTES, ...a('Media') }, 206: { '*/*': BYTES }, 416: {} },
    problems: ['gone'],
  },
  [`DELETE ${MEDIA}/:id`]: {
    id: 'removeMedia',
    summary: 'Removes a file that no message waits for.',
    answers: { 200: a('Deleted') },
    problems: ['conflict'],
  },
}
