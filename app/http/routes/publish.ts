import { invalid, type Parsed, parsed } from '../answer.ts'
import type { Call } from '../hop/call.ts'
import { type Route, V1_SITES } from './route.ts'
import { acceptAndTell, type SendDeps } from './send-message.ts'
import { channelIn } from './social/named.ts'

/** `POST …/channels/{channel}/messages`: a message to the channel, with all that holds for messages. */
export function publishRoutes(deps: SendDeps): readonly Route[] {
  return [
    {
      method: 'post',
      path: '/v1/accounts/:account/channels/:channel/messages',
      sites: V1_SITES,
      access: { kind: 'itself', action: 'messages.send' },
      handle: call => acceptAndTell(call, addressed(call), deps),
    },
  ]
}

/** The message object of the body with the recipient that the path names. */
function addressed(call: Call): Parsed<unknown> {
  const channel = channelIn(call)
  if (channel.kind === 'problem') return channel
  const body: unknown = call.request.body
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return parsed(body)
  return 'to' in body ? invalid('$.to', 'is said by the path') : parsed({ ...body, to: channel.value })
}
