import {
  CHANNEL_SCHEMA,
  CONTACT_SCHEMA,
  GROUP_NAME_SCHEMA,
  GROUP_PHOTO_SCHEMA,
  GROUP_SCHEMA,
  GROUP_TOPIC_SCHEMA,
  INVITE_SCHEMA,
  NEW_CHANNEL_SCHEMA,
  NEW_CONTACT_SCHEMA,
  NEW_GROUP_SCHEMA,
  PARTICIPANTS_SCHEMA,
  PHONE_SCHEMA,
  POLL_SCHEMA,
  POSTS_SCHEMA,
  UPDATES_SCHEMA,
  WSPOUT_SCHEMA,
} from '../../compat/whinself/schema.ts'
import {
  a,
  BYTES,
  type Content,
  FROM_WHATSAPP,
  json,
  type Operation,
  type Operations,
  parametersOf,
  takes,
} from '../operation.ts'
import { WHINSELF_NAMES } from '../shapes/compatible.ts'
import { COUNT, INSTANT, listOf, oneOfWords, ref, shape, TEXT } from '../shapes/shape.ts'
import { IDEMPOTENCY_KEY } from './to-send.ts'

const WHO = { jid: '12025550102@s.whatsapp.net' }
const GROUP = { jid: '120363000000000001@g.us' }
const CHANNEL = '120363000000000001@newsletter'
const OURS = '120363000000000003@newsletter'
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nTEL;TYPE=CELL:+12025550103\nEND:VCARD'
/** The smallest picture there is of this kind. */
const JPEG = '/9j/4AAQSkZJRgABAQAAAQABAAD/wAAQCAACAAMDASIAAhEBAxEB/9k='
const SENTENCE: Content = { 'text/plain': TEXT }
const SENDING = ['invalid-recipient', 'unsupported-type', 'idempotency-key-reused'] as const
const problems = [...FROM_WHATSAPP, 'invalid-recipient'] as const

type Rest = Partial<Operation> & { readonly answer?: Content }

/** `POST` below the account; a sentence is the answer where there is no other. */
const post = (name: string, summary: string, { answer = SENTENCE, ...rest }: Rest): Operations => ({
  [`POST /compat/whinself/:account/${name}`]: operation(name, summary, answer, rest),
})
const get = (name: string, summary: string, { answer = SENTENCE, ...rest }: Rest): Operations => ({
  [`GET /compat/whinself/:account/${name}`]: operation(name, summary, answer, rest),
})

function operation(name: string, summary: string, answer: Content, rest: Rest): Operation {
  const id = `whinself${name.slice(0, 1).toUpperCase()}${name.slice(1)}`
  return { ...{ id, summary, answers: { 200: answer }, problems }, ...rest }
}

const MESSAGES: Operations = {
  ...post('wspout', 'Sends a message: the one member that is there beside jid and caption.', {
    headers: IDEMPOTENCY_KEY,
    body: takes(WSPOUT_SCHEMA, {
      text: { ...WHO, text: 'Your table is booked for seven.' },
      link: { ...WHO, link: { title: 'Postern', url: 'https://example.com' } },
      image: { ...WHO, image: { b64: JPEG }, caption: 'Your table' },
      contact: { ...WHO, contact: { displayName: 'Ann', vcard: VCARD } },
      location: { ...WHO, location: { latitude: 52.52, longitude: 13.405, name: 'Postern' } },
    }),
    problems: SENDING,
  }),
  ...post('channelpublish', 'Publishes a message in a channel.', {
    headers: IDEMPOTENCY_KEY,
    body: takes(WSPOUT_SCHEMA, { text: { jid: OURS, text: 'Rain until noon.' } }),
    problems: SENDING,
  }),
  ...post('createpoll', 'Sends a poll.', {
    headers: IDEMPOTENCY_KEY,
    body: takes(POLL_SCHEMA, {
      tea: { chat: WHO.jid, name: 'Tea?', optionNames: ['Yes', 'No'], selectableOptionCount: 1 },
    }),
    answer: json(shape({ ID: TEXT, Timestamp: INSTANT })),
    problems: SENDING,
  }),
}

const GROUPS: Operations = {
  ...post('creategroup', 'Makes a group, or a community.', {
    body: takes(NEW_GROUP_SCHEMA, { group: { name: 'Tea', participants: [WHO.jid] } }),
    answer: a('WhinselfGroup'),
  }),
  ...post('setgroupname', 'Gives a group another name.', {
    body: takes(GROUP_NAME_SCHEMA, { coffee: { ...GROUP, name: 'Coffee' } }),
  }),
  ...post('setgrouptopic', 'Says what a group is about.', {
    body: takes(GROUP_TOPIC_SCHEMA, { daily: { ...GROUP, topic: 'Every day' } }),
  }),
  ...post('setgroupphoto', 'Gives a group a picture.', {
    body: takes(GROUP_PHOTO_SCHEMA, { photo: { ...GROUP, avatar: JPEG } }),
  }),
  ...post('getgroupinvitelink', 'The invite link; with reset a new one, which needs groups.write.', {
    body: takes(INVITE_SCHEMA, { link: GROUP }),
  }),
  ...post('getgroupinfo', 'A group with who is in it.', {
    body: takes(GROUP_SCHEMA, { group: GROUP }),
    answer: a('WhinselfGroup'),
  }),
  ...post('leavegroup', 'Leaves a group.', {
    body: takes(GROUP_SCHEMA, { group: { jid: '120363000000000002@g.us' } }),
  }),
  ...post('upgradegroupparticipants', 'Adds people, removes them, and the like.', {
    body: takes(PARTICIPANTS_SCHEMA, {
      promote: { ...GROUP, action: 'promote', participant_jids: [WHO.jid] },
    }),
    answer: json(listOf(shape({ JID: TEXT, Error: COUNT }))),
  }),
  ...get('getjoinedgroups', 'The groups that the account is in.', {
    answer: json(listOf(ref('WhinselfGroup'))),
  }),
}

const CHANNELS: Operations = {
  ...post('newchannel', 'Makes a channel.', {
    body: takes(NEW_CHANNEL_SCHEMA, { weather: { name: 'Weather', description: 'Every morning' } }),
    answer: a('WhinselfChannel'),
  }),
  ...post('updatechannellogo', 'Gives a channel a picture.', {
    body: {
      content: {
        'multipart/form-data': shape({ channelJID: { ...TEXT, example: OURS }, picture: BYTES }),
      },
    },
    problems: [...problems, 'invalid'],
  }),
  ...get('getchannelinfo', 'A channel.', {
    ...parametersOf(CHANNEL_SCHEMA, { channel: CHANNEL }),
    answer: a('WhinselfChannel'),
  }),
  ...get('following', 'The channels that the account follows.', {
    answer: json(listOf(ref('WhinselfChannel'))),
  }),
  ...get('follow', 'Follows a channel.', {
    ...parametersOf(CHANNEL_SCHEMA, { channel: CHANNEL }),
    problems: [...problems, 'cross-site'],
  }),
  ...get('unfollow', 'Follows a channel no longer.', {
    ...parametersOf(CHANNEL_SCHEMA, { jid: CHANNEL }),
    problems: [...problems, 'cross-site'],
  }),
  ...get('getnewslettermessages', 'The posts of a channel.', {
    ...parametersOf(POSTS_SCHEMA, { channelJID: CHANNEL, count: '10' }),
    answer: json(listOf(ref('WhinselfPost'))),
  }),
  ...get('getnewslettermessageupdates', 'How reactions stand, of posts after one or after an instant.', {
    ...parametersOf(UPDATES_SCHEMA, { channelJID: CHANNEL, after: '0' }),
    answer: json(listOf(ref('WhinselfPost'))),
  }),
}

const ACCOUNT: Operations = {
  ...post('createcontact', 'Puts somebody into the address book of the phone.', {
    body: takes(NEW_CONTACT_SCHEMA, { ann: { ...WHO, name: 'Ann' } }),
  }),
  ...post('deletecontact', 'Takes somebody out of it.', { body: takes(CONTACT_SCHEMA, { ann: WHO }) }),
  ...get('getcontact', 'Whether somebody is on WhatsApp.', {
    ...parametersOf(PHONE_SCHEMA, { phone: '12025550102' }),
    answer: json(shape({ JID: TEXT, ...WHINSELF_NAMES })),
  }),
  ...get('getcontacts', 'Those with whom there is a chat, by their JIDs.', {
    answer: json({ type: 'object', additionalProperties: ref('WhinselfContact') }),
  }),
  ...get('status', 'How it stands with the account.', {
    answer: {
      'text/plain': oneOfWords(['active', 'connecting', 'sleep', 'pending enrollment']),
    },
  }),
  ...get('qrpng', 'The picture to scan; asking for it begins to link the account.', {
    answer: { 'image/png': BYTES },
    problems: ['cross-site', 'conflict'],
  }),
}

/** Whinself's endpoints: app/http/compat/README.md. */
export const WHINSELF_OPERATIONS: Operations = { ...MESSAGES, ...GROUPS, ...CHANNELS, ...ACCOUNT }
