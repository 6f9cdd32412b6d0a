import { CONSENT_SCHEMA } from '../../schemas/consent.ts'
import { BY_ID, CONSENT_WITHDRAWAL, CONTACT_DETAILS, EXPORT, LATEST_FIRST } from '../../schemas/queries.ts'
import {
  BLOCK_SCHEMA,
  CHAT_CHANGE_SCHEMA,
  CHECK_SCHEMA,
  READ_SCHEMA,
  TYPING_SCHEMA,
} from '../../schemas/social.ts'
import { a, FROM_WHATSAPP, json, mayTake, type Operations, pageOf, takes } from '../operation.ts'
import {
  CHAT,
  COUNT,
  FLAG,
  INSTANT,
  listOf,
  oneOfWords,
  orNull,
  page,
  ref,
  shape,
  TEXT,
} from '../shapes/shape.ts'

const CHATS = '/v1/accounts/:account/chats'
const CONTACTS = '/v1/accounts/:account/contacts'
const CONSENT = '/v1/contacts/:phone/consent'
const problems = [...FROM_WHATSAPP, 'invalid-recipient'] as const

const CONTACT_OPERATIONS: Operations = {
  [`POST ${CONTACTS}/check`]: {
    id: 'checkContacts',
    summary: 'Which of these numbers are on WhatsApp.',
    body: takes(CHECK_SCHEMA, { two: { phones: ['+12025550102', '+12025550199'] } }),
    answers: { 200: pageOf('Presence') },
    problems,
  },
  [`GET ${CONTACTS}/blocked`]: {
    id: 'listBlocked',
    summary: 'Whom the account has blocked.',
    query: BY_ID,
    answers: { 200: json(page(shape({ phone: CHAT }))) },
    problems,
  },
  [`GET ${CONTACTS}/:phone`]: {
    id: 'getContact',
    summary: 'Whether somebody is on WhatsApp, and what they have agreed to; with details, what they show.',
    query: CONTACT_DETAILS,
    answers: { 200: a('Contact') },
    problems,
  },
  [`PUT ${CONTACTS}/:phone/block`]: {
    id: 'blockContact',
    summary: 'Blocks somebody, or lets them write again.',
    body: takes(BLOCK_SCHEMA, { block: { blocked: true }, unblock: { blocked: false } }),
    answers: { 200: json(shape({ phone: CHAT, blocked: FLAG })) },
    problems,
  },
}

const CONSENT_OPERATIONS: Operations = {
  [`GET ${CONSENT}`]: {
    id: 'getConsent',
    summary: 'What a contact has agreed to.',
    answers: { 200: a('Standing') },
    problems: ['invalid-recipient'],
  },
  [`PUT ${CONSENT}`]: {
    id: 'grantConsent',
    summary: 'Writes down that a contact has agreed.',
    body: takes(CONSENT_SCHEMA, {
      form: { purpose: 'news', granted_at: '2026-01-02T10:00:00Z', evidence: 'form 4711' },
    }),
    answers: { 200: a('Standing') },
    problems: ['invalid-recipient'],
  },
  [`DELETE ${CONSENT}`]: {
    id: 'withdrawConsent',
    summary: 'Takes consents back.',
    query: CONSENT_WITHDRAWAL,
    answers: { 200: a('Standing') },
    problems: ['invalid-recipient'],
  },
}

const FINDING = {
  oneOf: [
    shape({
      kind: oneOfWords(['contact']),
      contact: { type: 'object', description: 'its consents and its opt-out' },
    }),
    shape({ kind: oneOfWords(['message']), message: ref('Message') }),
    shape({ kind: oneOfWords(['event']), event: ref('Event') }),
    shape({
      kind: oneOfWords(['decision']),
      decision: { type: 'object', description: 'what was asked, and what was said' },
    }),
    shape({ kind: oneOfWords(['file']), file: { type: 'object', description: 'had from …/media/{id}' } }),
  ],
}

const PRIVACY_OPERATIONS: Operations = {
  'POST /v1/contacts/:phone/export': {
    id: 'exportContact',
    summary: 'All that is stored about a contact, page by page; a page may be empty and not the last.',
    query: EXPORT,
    answers: { 200: json(page(FINDING)) },
    problems: ['invalid-recipient'],
  },
  'DELETE /v1/contacts/:phone': {
    id: 'eraseContact',
    summary: 'Erases what is stored about a contact. That there were messages stays, and so does an opt-out.',
    answers: {
      200: json(
        shape({
          ...{ phone: CHAT, opted_out_at: orNull(INSTANT) },
          erased: { type: 'object', additionalProperties: COUNT },
          unreadable: { ...COUNT, description: 'damaged rows, whoever’s they were: they stay' },
        }),
      ),
    },
    problems: ['invalid-recipient', 'conflict'],
  },
}

export const CHAT_OPERATIONS: Operations = {
  [`GET ${CHATS}`]: {
    id: 'listChats',
    summary: 'Chats by their last message, the latest first.',
    query: LATEST_FIRST,
    answers: { 200: pageOf('Chat') },
  },
  [`PATCH ${CHATS}/:chat`]: {
    id: 'changeChat',
    summary: 'What the phone and all devices show of a chat; the other side learns of the timer alone.',
    body: takes(CHAT_CHANGE_SCHEMA, {
      archive: { archived: true },
      mute: { muted_until: '2099-01-01T00:00:00Z' },
    }),
    answers: {
      200: json(
        shape(
          {
            ...{ chat: CHAT, archived: FLAG, pinned: FLAG, read: FLAG, muted_until: orNull(INSTANT) },
            ephemeral_seconds: COUNT,
          },
          ['archived', 'pinned', 'read', 'muted_until', 'ephemeral_seconds'],
        ),
      ),
    },
    problems,
  },
  [`POST ${CHATS}/:chat/read`]: {
    id: 'readChat',
    summary: 'Sends read receipts: for the messages named, or the latest that came in.',
    body: mayTake(READ_SCHEMA, { one: { message_ids: ['3EB0AAAAAAAAAAAAAAAA'] }, latest: {} }),
    answers: { 200: json(shape({ chat: CHAT, message_ids: listOf(TEXT) })) },
    problems,
  },
  [`PUT ${CHATS}/:chat/presence`]: {
    id: 'showTyping',
    summary: 'Typing, as the other side sees it.',
    body: takes(TYPING_SCHEMA, { typing: { state: 'composing' } }),
    answers: { 200: json(shape({ chat: CHAT, state: TEXT })) },
    problems,
  },
  ...CONTACT_OPERATIONS,
  ...CONSENT_OPERATIONS,
  ...PRIVACY_OPERATIONS,
}
