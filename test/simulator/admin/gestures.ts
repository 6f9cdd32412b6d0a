import {
  CALL_EVENTS,
  type CallEvent,
  showTyping,
  signalCall,
  TYPING_STATES,
  type TypingState,
} from '../network/messages/signals.ts'
import { readContent } from '../phones/content.ts'
import { findKnown } from '../phones/known.ts'
import { pathOf } from '../phones/media/paths.ts'
import { readerOf } from '../phones/receiving/reader.ts'
import { AdminError, readBody } from './body.ts'
import { sendInto, userOf } from './destination.ts'
import { phoneOf } from './phones.ts'
import type { AdminRequest, AdminRoutes } from './routes.ts'

const CALL_ID_BYTES = 16

/** What people do in a chat besides writing, and the files of their messages. */
export const gestureRoutes: AdminRoutes = {
  'POST /phones/{number}/react': request => {
    const { message_id, emoji } = readBody(request.body, { message_id: 'string', emoji: 'text' })
    return sendAbout(request, message_id, { type: 'reaction', member: { message_id, emoji } })
  },
  'POST /phones/{number}/vote': request => {
    const { message_id, options } = readBody(request.body, { message_id: 'string', options: 'strings' })
    return sendAbout(request, message_id, { type: 'vote', member: { message_id, options } })
  },
  'POST /phones/{number}/typing': typing,
  'POST /phones/{number}/call': call,
  'GET /phones/{number}/media/{message_id}': file,
  'POST /media/expire': expire,
}

type About = { readonly type: string; readonly member: unknown }

/** Sends a message about another one, into the chat that the other one is in. */
async function sendAbout(request: AdminRequest, id: string, { type, member }: About): Promise<unknown> {
  const user = phoneOf(request)
  const { world } = request.network
  const to = world.inbox.find(user.number, id)?.entry.chat ?? world.sent.find(user.number, id)?.to
  if (to === undefined) throw new AdminError(404, `+${user.number} has no message ${id}`)
  return sendInto(request.network, user, { to, wording: { type, member, around: {} } })
}

function typing(request: AdminRequest): unknown {
  const { to, state = 'composing' } = readBody(request.body, { to: 'string', state: 'string?' })
  const asked = TYPING_STATES.find(known => known === state) as TypingState | undefined
  if (asked === undefined) throw new AdminError(400, `\`state\` must be one of ${TYPING_STATES.join(', ')}`)
  showTyping(request.network, phoneOf(request), { to: userOf(request.network.world, to, 'to'), state: asked })
  return { state: asked }
}

function call(request: AdminRequest): unknown {
  const asked = readBody(request.body, {
    to: 'string',
    event: 'string?',
    call_id: 'string?',
    video: 'boolean?',
  })
  const event = CALL_EVENTS.find(known => known === (asked.event ?? 'offer')) as CallEvent | undefined
  if (event === undefined) throw new AdminError(400, `\`event\` must be one of ${CALL_EVENTS.join(', ')}`)
  const { world } = request.network
  const from = phoneOf(request)
  const callId = asked.call_id ?? world.random.of(from.number).hex(CALL_ID_BYTES)
  const to = userOf(world, asked.to, 'to')
  signalCall(request.network, from, { to, callId, event, isVideo: asked.video === true })
  return { call_id: callId, event }
}

/** The decrypted file of a message that the phone has received or sent. */
function file(request: AdminRequest): unknown {
  const user = phoneOf(request)
  const { world } = request.network
  const id = request.path.message_id ?? ''
  const known = findKnown(world, user, { id })
  if (known === undefined) throw new AdminError(404, `+${user.number} has no message ${id}`)
  let bytes: Buffer | undefined
  const reader = readerOf(world, user, user)
  const { around } = readContent(known.message, {
    ...reader,
    open(kind, part) {
      const opened = reader.open(kind, part)
      if (opened.kind === 'opened') bytes = opened.bytes
      return opened
    },
  })
  if (bytes === undefined) throw new AdminError(404, `message ${id} has no file that can be opened`)
  return { sha256: around.media_sha256, size: bytes.length, data: bytes.toString('base64') }
}

async function expire({ network, body }: AdminRequest): Promise<unknown> {
  const { direct_path } = readBody(body, { direct_path: 'string?' })
  const path = direct_path === undefined ? undefined : pathOf(direct_path)
  if (direct_path !== undefined && path === undefined) throw new AdminError(400, '`direct_path` is none')
  const expired = network.world.media.expire(path)
  await network.world.db.committed()
  return { expired }
}
