import type { Parameters } from '../../schemas/query.ts'

export const IDEMPOTENCY_KEY: Parameters = {
  'Idempotency-Key': {
    ...{ type: 'string', pattern: '^.{1,255}$' },
    description: '1 to 255 characters, remembered for a day: the same key and body get the same answer',
  },
}

const TO = { to: '+12025550102' }
/** As an upload answers it. */
const file = (n: number) => ({ id: `med_01jd000000000000000000000${n}` })

/** A message of each type, as somebody would write it. */
export const TO_SEND: Readonly<Record<string, object>> = {
  text: { ...TO, type: 'text', text: { body: 'Your table is booked for seven.' } },
  reply: {
    ...{ ...TO, type: 'text', text: { body: 'Yes.' }, context: { message_id: '3EB0AAAAAAAAAAAAAAAA' } },
    biz_opaque_callback_data: 'order-17',
  },
  template: {
    ...{ ...TO, type: 'template' },
    template: { name: 'reminder', parameters: { name: 'Ann' } },
  },
  image: { ...TO, type: 'image', image: { ...file(2), caption: 'Your table' } },
  video: { ...TO, type: 'video', video: { ...file(3), caption: 'How to find us' } },
  audio: { ...TO, type: 'audio', audio: { ...file(4), voice: true } },
  document: { ...TO, type: 'document', document: { ...file(5), caption: 'The menu', filename: 'menu.pdf' } },
  sticker: { ...TO, type: 'sticker', sticker: file(6) },
  location: {
    ...{ ...TO, type: 'location' },
    location: { latitude: 52.52, longitude: 13.405, name: 'Postern', address: 'Alexanderplatz 1' },
  },
  contacts: {
    ...{ ...TO, type: 'contacts' },
    contacts: [{ name: { formatted_name: 'Ann' }, phones: [{ phone: '+12025550103', type: 'WORK' }] }],
  },
  poll: { ...TO, type: 'poll', poll: { name: 'Tea?', options: ['Yes', 'No'], selectable_count: 1 } },
  reaction: { ...TO, type: 'reaction', reaction: { message_id: '3EB0AAAAAAAAAAAAAAAA', emoji: '👍' } },
  edit: { ...TO, type: 'edit', edit: { message_id: '3EB0BBBBBBBBBBBBBBBB', body: 'At eight.' } },
  revoke: { ...TO, type: 'revoke', revoke: { message_id: '3EB0BBBBBBBBBBBBBBBB' } },
  pin: { ...TO, type: 'pin', pin: { message_id: '3EB0AAAAAAAAAAAAAAAA', seconds: 86_400 } },
  forward: { ...TO, type: 'forward', forward: { message_id: '3EB0AAAAAAAAAAAAAAAA' } },
  later: { ...TO, type: 'text', text: { body: 'Good morning' }, send_at: '2099-01-01T08:00:00Z' },
}
