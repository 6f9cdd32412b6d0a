import { newId } from '../../../app/lib/ids.ts'
import type { Message } from '../../../app/model/message.ts'
import type { Template } from '../../../app/model/template.ts'
import type { Endpoint, Rule } from '../../../app/policy/snapshot.ts'
import * as samples from '../../media/samples.ts'
import { CONTACT, type Rig, startRig, until } from '../../whatsapp/rig.ts'
import { type RunningHttp, startHttp } from '../running-http.ts'

/** What stands for the examples of the document: in a path by operation and parameter or by parameter, in a body by the text. */
export type Real = {
  readonly places: Readonly<Record<string, string>>
  readonly texts: Readonly<Record<string, string>>
}

/** The HTTP side over a real connection to the simulated WhatsApp, with one of everything that a path can name. */
export type Furnished = {
  readonly rig: Rig
  readonly http: RunningHttp
  readonly real: Real
  stop(): Promise<void>
}

const LEDGER: Endpoint = {
  name: 'ledger',
  url: 'https://127.0.0.1:1/',
  events: new Set(['message.received']),
  format: 'postern',
  payload: { body: 'full', contact: 'clear' },
  signScheme: 'v1',
  secretRefs: ['secret:wh-ledger'],
  allowCidrs: ['127.0.0.0/8'],
  order: 'none',
  timeoutMs: 1_000,
  concurrency: 4,
  retry: { schedule: 'standard', maxAgeMs: 1_000 },
}
const REMINDER: Template = {
  ...{ name: 'reminder', language: 'en', body: 'Hello {{ name }}', parameters: { name: 'string' } },
}
/** Everything is allowed, and of `narrow` looked at before it is sent. */
export const RULES: readonly Rule[] = [
  { id: 'everything', effect: 'allow', principals: ['billing', 'narrow'], actions: ['*'], when: {} },
  { id: 'looked-at', effect: 'hold', principals: ['narrow'], actions: ['messages.send'], when: {} },
]
const THEIRS = '3EB0AAAAAAAAAAAAAAAA'
const OURS_SENT = '3EB0BBBBBBBBBBBBBBBB'

export async function startFurnished(): Promise<Furnished> {
  const rig = await startRig()
  const http = await startHttp({
    sessions: { ask: (name, question) => rig.sessions.ask(name, question) },
    secrets: { 'secret:wh-ledger': `whsec_${Buffer.alloc(32, 7).toString('base64')}` },
    floods: { requests: 1_000_000, failures: 1_000_000, windowMs: 1_000 },
  })
  const stop = async () => {
    await http.stop()
    await rig.stop()
  }
  try {
    await rig.link()
    return { rig, http, real: await furnish({ rig, http }), stop }
  } catch (error) {
    await stop().catch(() => undefined) // why it could not start says more
    throw error
  }
}

type World = Pick<Furnished, 'rig' | 'http'>

async function furnish(world: World): Promise<Real> {
  world.http.setPolicy({
    ...{ rules: RULES, limits: new Map(), templates: new Map([['reminder', REMINDER]]) },
    endpoints: new Map([['ledger', LEDGER]]),
  })
  const social = await groupsAndChannels(world)
  return {
    places: { ...(await messagesAndFiles(world)), ...social.places, ...(await owed(world)) },
    texts: { ...social.texts, ...(await filesToSend(world)), [THEIRS]: await received(world) },
  }
}

/** A message of the contact, where the HTTP side looks for messages. */
async function received({ rig, http }: World): Promise<string> {
  const id = await rig.contactSays('Is there a table?')
  const came = await until('the message', () => rig.store.messages.get('main', id))
  await http.store.messages.receive(came, {})
  return id
}

async function messagesAndFiles({ http }: World): Promise<Record<string, string>> {
  const at = new Date()
  const ours: Message = {
    ...{ id: newId('obx', at), account: 'main', direction: 'out', chat: CONTACT, messageId: OURS_SENT },
    ...{ content: { type: 'text', text: { body: 'At seven' } }, createdAt: at, attemptCount: 1 },
    ...{ status: 'sent', timeline: [{ status: 'sent', at }] },
  }
  await http.store.messages.import([ours])
  const held = async () => {
    const body = { to: CONTACT, text: { body: 'May I?' } }
    return (await http.ask({ path: '/v1/accounts/main/messages', as: 'narrow', body })).json.id
  }
  const upload = (bytes: Buffer) => uploaded(http, bytes)
  return {
    ...{ 'getMessage.id': ours.id, 'cancelMessage.id': await held() },
    ...{ 'approveMessage.id': await held(), 'rejectMessage.id': await held() },
    'getMedia.id': await upload(samples.png()),
    'removeMedia.id': await upload(samples.png(5, 5)),
    'graphDownloadMedia.id': await upload(samples.png(6, 5)),
    'graphRemoveMedia.id': await upload(samples.png(5, 6)),
    ...{ 'linkAccount.account': 'spare', 'getLink.account': 'spare', 'whinselfQrpng.account': 'spare' },
    'eraseContact.phone': '+12025550188',
  }
}

/** A file for each type of message that carries one, by the ids that the examples have. */
async function filesToSend({ http }: World): Promise<Record<string, string>> {
  const files = [samples.png(8, 8), samples.mp4(), samples.opus(), samples.pdf(), samples.webp()]
  const entries = files.map(async (bytes, index) => [
    `med_01jd000000000000000000000${index + 2}`,
    await uploaded(http, bytes),
  ])
  return Object.fromEntries(await Promise.all(entries))
}

async function uploaded(http: RunningHttp, body: Buffer): Promise<string> {
  const answer = await http.ask({ path: '/v1/accounts/main/media', as: 'billing', method: 'POST', body })
  return answer.json.id
}

async function groupsAndChannels({ rig, http }: World): Promise<Real> {
  const make = async (path: string, body: object) =>
    (await http.ask({ path: `/v1/accounts/main/${path}`, as: 'billing', body })).json.id
  const theirs = await rig.phones.post('/groups', { subject: 'Theirs', creator: CONTACT, participants: [] })
  const channel = await rig.phones.post('/channels', { creator: CONTACT, name: 'Weather' })
  await rig.phones.post(`/channels/${channel.id}/posts`, { type: 'text', text: { body: 'Rain' } })
  const [group, news] = [
    await make('groups', { subject: 'Tea', participants: [CONTACT] }),
    await make('channels', { name: 'News' }),
  ]
  return {
    places: {
      group,
      'leaveGroup.group': await make('groups', { subject: 'Left' }),
      channel: String(channel.id),
      'changeChannel.channel': news,
      'removeChannel.channel': await make('channels', { name: 'Old' }),
    },
    texts: {
      AbCdEfGhIjKlMnOpQrStUv: String(theirs.invite),
      '120363000000000001@g.us': group,
      '120363000000000002@g.us': await make('groups', { subject: 'Left as well' }),
      '120363000000000001@newsletter': String(channel.id),
      '120363000000000003@newsletter': news,
    },
  }
}

/** One delivery that is dead, and one that has arrived. */
async function owed({ http }: World): Promise<Record<string, string>> {
  const at = new Date()
  const [dead, delivered] = [newId('dlv', at), newId('dlv', at)]
  const deliveries = [dead, delivered].map(id => ({ id, endpoint: 'ledger', lane: '' }))
  const event = {
    id: newId('evt', at),
    type: 'message.received',
    account: 'main',
    at,
    data: {},
    deliveries,
  } as const
  await http.store.events.append({ events: [event] })
  const learned = http.endpoints.learn('ledger', { kind: 'gone', startedAt: at, endedAt: at })
  const attempt = { at, tookMs: 1, status: 410, reason: 'endpoint answered 410 Gone' }
  await http.store.deliveries.settle(dead, { kind: 'dead', attempt }, learned)
  await http.store.deliveries.settle(delivered, {
    kind: 'delivered',
    attempt: { at, tookMs: 1, status: 200 },
  })
  return { 'getDelivery.id': dead, 'replayDelivery.id': delivered }
}
