import { GRAPH_MESSAGE_SCHEMAS, PROFILE_SCHEMA, READ_SCHEMA } from '../../compat/cloud-api/schema.ts'
import type { Parameters } from '../../schemas/query.ts'
import { a, BYTES, FROM_WHATSAPP, json, type Operations, takes } from '../operation.ts'
import { ref } from '../shapes/shape.ts'
import { A_FORM } from './messages.ts'
import { IDEMPOTENCY_KEY } from './to-send.ts'

const ACCOUNT = '/graph/:version/:account'
const PROFILE = `${ACCOUNT}/whatsapp_business_profile`
const ONE = '/graph/:version/:id'
const TO = { messaging_product: 'whatsapp', to: '12025550102' }

const FIELDS: Parameters = {
  fields: {
    ...{ type: 'string', description: 'the members that are wanted, with commas between them' },
    example: 'about,status',
  },
}
const WHOSE: Parameters = {
  phone_number_id: { type: 'string', description: 'the name of the account that the file belongs to' },
}

const MESSAGES = {
  text: { ...TO, type: 'text', text: { body: 'Your table is booked for seven.' } },
  image: { ...TO, type: 'image', image: { id: 'med_01jd0000000000000000000002', caption: 'Your table' } },
  template: {
    ...{ ...TO, type: 'template' },
    template: {
      ...{ name: 'reminder', language: { code: 'en_US' } },
      components: [{ type: 'body', parameters: [{ type: 'text', text: 'Ann' }] }],
    },
  },
  location: {
    ...TO,
    type: 'location',
    location: { latitude: '52.52', longitude: '13.405', name: 'Postern' },
  },
  interactive: {
    ...{ ...TO, type: 'interactive' },
    interactive: {
      ...{ type: 'button', body: { text: 'Shall we keep the table?' } },
      action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'Yes' } }] },
    },
  },
  reaction: { ...TO, type: 'reaction', reaction: { message_id: '3EB0AAAAAAAAAAAAAAAA', emoji: '👍' } },
  read: { messaging_product: 'whatsapp', status: 'read', message_id: '3EB0AAAAAAAAAAAAAAAA' },
}

/** WhatsApp Cloud API, as far as it is there: app/http/compat/README.md. */
export const CLOUD_API_OPERATIONS: Operations = {
  [`POST ${ACCOUNT}/messages`]: {
    id: 'graphSendMessage',
    summary: 'Sends a message; with "status" tells that one has been read, which needs chats.write.',
    headers: IDEMPOTENCY_KEY,
    body: takes({ oneOf: [...Object.values(GRAPH_MESSAGE_SCHEMAS), READ_SCHEMA] }, MESSAGES),
    answers: { 200: json({ oneOf: [ref('GraphAccepted'), ref('GraphSuccess')] }) },
    problems: [...FROM_WHATSAPP, 'invalid-recipient', 'unsupported-type', 'idempotency-key-reused'],
  },
  [`POST ${ACCOUNT}/media`]: {
    id: 'graphUploadMedia',
    summary: 'Takes a file in a form. Its type is told by its content.',
    body: { content: { 'multipart/form-data': A_FORM } },
    answers: { 200: a('GraphUpload') },
    problems: ['invalid'],
  },
  [`GET ${ACCOUNT}/media/:id`]: {
    id: 'graphDownloadMedia',
    summary: 'The bytes of a file, or a range of them.',
    answers: { 200: { '*/*': BYTES }, 206: { '*/*': BYTES }, 416: {} },
    problems: ['gone'],
  },
  [`GET ${PROFILE}`]: {
    id: 'graphGetProfile',
    summary: 'What others see of the account.',
    query: FIELDS,
    answers: { 200: a('GraphProfile') },
    problems: FROM_WHATSAPP,
  },
  [`POST ${PROFILE}`]: {
    id: 'graphChangeProfile',
    summary: 'Changes what others read about the account.',
    body: takes(PROFILE_SCHEMA, { about: { messaging_product: 'whatsapp', about: 'Open from nine' } }),
    answers: { 200: a('GraphSuccess') },
    problems: FROM_WHATSAPP,
  },
  [`GET ${ONE}`]: {
    id: 'graphGet',
    summary: 'An account, or what a file is and where its bytes are, which needs media.read.',
    query: { ...FIELDS, ...WHOSE },
    answers: { 200: json({ oneOf: [ref('GraphAccount'), ref('GraphMedia')] }) },
  },
  [`DELETE ${ONE}`]: {
    id: 'graphRemoveMedia',
    summary: 'Removes a file that no message waits for.',
    query: WHOSE,
    answers: { 200: a('GraphSuccess') },
    problems: ['conflict'],
  },
}
