import {
  GROUP_CHANGE_SCHEMA,
  JOIN_SCHEMA,
  NEW_GROUP_SCHEMA,
  PARTICIPANTS_SCHEMA,
} from '../../schemas/group.ts'
import { POST_SCHEMAS } from '../../schemas/message.ts'
import { BY_ID, CHANNEL_LIST, POST_LIST } from '../../schemas/queries.ts'
import { CHANNEL_CHANGE_SCHEMA, NEW_CHANNEL_SCHEMA } from '../../schemas/social.ts'
import { a, FROM_WHATSAPP, json, type Operations, pageOf, takes } from '../operation.ts'
import { CHAT, FLAG, oneOfWords, orNull, shape } from '../shapes/shape.ts'
import { IDEMPOTENCY_KEY } from './to-send.ts'

const GROUPS = '/v1/accounts/:account/groups'
const CHANNELS = '/v1/accounts/:account/channels'
const problems = [...FROM_WHATSAPP, 'invalid-recipient'] as const

export const GROUP_OPERATIONS: Operations = {
  [`GET ${GROUPS}`]: {
    id: 'listGroups',
    summary: 'The groups that the account is in, without their people.',
    query: BY_ID,
    answers: { 200: pageOf('GroupSummary') },
    problems,
  },
  [`POST ${GROUPS}`]: {
    id: 'createGroup',
    summary: 'Makes a group, or a community.',
    body: takes(NEW_GROUP_SCHEMA, {
      group: { subject: 'Tea', description: 'Every day', participants: ['+12025550102'] },
      community: { subject: 'Kitchen', is_community: true },
    }),
    answers: { 201: a('Group') },
    problems,
  },
  [`GET ${GROUPS}/:group`]: {
    id: 'getGroup',
    summary: 'A group with who is in it.',
    answers: { 200: a('Group') },
    problems,
  },
  [`PATCH ${GROUPS}/:group`]: {
    id: 'changeGroup',
    summary: 'Changes one setting after the other; the first that is refused ends it.',
    body: takes(GROUP_CHANGE_SCHEMA, { subject: { subject: 'Coffee', announcement: true } }),
    answers: { 200: a('Group') },
    problems,
  },
  [`DELETE ${GROUPS}/:group`]: {
    id: 'leaveGroup',
    summary: 'Leaves a group.',
    answers: { 200: json(shape({ id: CHAT, left: FLAG })) },
    problems,
  },
  [`POST ${GROUPS}/:group/participants`]: {
    id: 'changeParticipants',
    summary:
      'Adds people, removes them, and the like. Answers for each: one may be refused and the others not.',
    body: takes(PARTICIPANTS_SCHEMA, { promote: { action: 'promote', participants: ['+12025550102'] } }),
    answers: { 200: pageOf('ParticipantOutcome') },
    problems,
  },
  [`GET ${GROUPS}/:group/requests`]: {
    id: 'listJoinRequests',
    summary: 'Who has asked to be let in.',
    answers: { 200: pageOf('JoinRequest') },
    problems,
  },
  [`GET ${GROUPS}/:group/invite`]: {
    id: 'getInvite',
    summary: 'The invite link of a group.',
    answers: { 200: a('Invite') },
    problems,
  },
  [`DELETE ${GROUPS}/:group/invite`]: {
    id: 'resetInvite',
    summary: 'Makes another invite link; the one before is of no use any more.',
    answers: { 200: a('Invite') },
    problems,
  },
  [`POST ${GROUPS}/join`]: {
    id: 'joinGroup',
    summary: 'Joins a group by its link, or by an invitation to the account alone.',
    body: takes(JOIN_SCHEMA, { link: { code: 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv' } }),
    answers: { 200: json(shape({ group: orNull(CHAT), status: oneOfWords(['joined', 'requested']) })) },
    problems,
  },
}

export const CHANNEL_OPERATIONS: Operations = {
  [`GET ${CHANNELS}`]: {
    id: 'listChannels',
    summary: 'The channels that the account follows or runs; with an invite, the one that it leads to.',
    query: CHANNEL_LIST,
    answers: { 200: pageOf('Channel') },
    problems,
  },
  [`POST ${CHANNELS}`]: {
    id: 'createChannel',
    summary: 'Makes a channel.',
    body: takes(NEW_CHANNEL_SCHEMA, { news: { name: 'News', description: 'Of the day' } }),
    answers: { 201: a('Channel') },
    problems,
  },
  [`GET ${CHANNELS}/:channel`]: {
    id: 'getChannel',
    summary: 'A channel.',
    answers: { 200: a('Channel') },
    problems,
  },
  [`PATCH ${CHANNELS}/:channel`]: {
    id: 'changeChannel',
    summary: 'Renames or describes a channel of the account, or mutes any.',
    body: takes(CHANNEL_CHANGE_SCHEMA, { name: { name: 'Old news' } }),
    answers: { 200: a('Channel') },
    problems,
  },
  [`DELETE ${CHANNELS}/:channel`]: {
    id: 'removeChannel',
    summary: 'Removes a channel of the account.',
    answers: { 200: a('Deleted') },
    problems,
  },
  [`GET ${CHANNELS}/:channel/messages`]: {
    id: 'listPosts',
    summary: 'What is published in a channel, the latest first.',
    query: POST_LIST,
    answers: { 200: pageOf('Post') },
    problems,
  },
  [`POST ${CHANNELS}/:channel/messages`]: {
    id: 'publishPost',
    summary: 'Publishes in a channel of the account: a message like others, which the path addresses.',
    headers: IDEMPOTENCY_KEY,
    body: takes(
      { oneOf: POST_SCHEMAS },
      { text: { type: 'text', text: { body: 'Open again from Monday.' } } },
    ),
    answers: { 202: a('AcceptedMessage') },
    problems: ['invalid-recipient', 'unsupported-type', 'idempotency-key-reused'],
  },
  [`PUT ${CHANNELS}/:channel/follow`]: {
    id: 'followChannel',
    summary: 'Follows a channel.',
    answers: { 200: json(shape({ id: CHAT, following: FLAG })) },
    problems,
  },
  [`DELETE ${CHANNELS}/:channel/follow`]: {
    id: 'unfollowChannel',
    summary: 'Follows it no longer.',
    answers: { 200: json(shape({ id: CHAT, following: FLAG })) },
    problems,
  },
}
