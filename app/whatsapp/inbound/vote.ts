import { createHash } from 'node:crypto'
import { decryptPollVote, jidNormalizedUser, type proto, type WAMessage } from '@whiskeysockets/baileys'
import { jidOf } from '../../model/chat.ts'
import { type PollVote, resultsOf } from '../../model/content/poll.ts'
import type { JsonObject } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { InboundChange } from '../../store/journal.ts'
import type { Me } from '../journal/arrival.ts'
import { type Envelope, gestureEvent } from './envelope.ts'
import { instantOfMs } from './numbers.ts'
import type { Reader } from './reading.ts'

type Vote = { readonly update: proto.Message.IPollUpdateMessage; readonly message: WAMessage }

/**
 * A vote is encrypted with the poll's secret. Without the poll all that can be told is that somebody voted; an option
 * that the poll does not have is told by the hash of its name.
 */
export async function readVote(
  vote: Vote,
  envelope: Envelope,
  { account, named, me, route }: Reader,
): Promise<readonly InboundChange[]> {
  const pollId = vote.update.pollCreationMessageKey?.id
  if (!pollId) return []
  const known = await named(pollId)
  const poll = known.find(({ chat }) => chat === envelope.chat) ?? known[0]
  const chosen = poll?.secret === undefined ? undefined : open(vote, { ...poll, secret: poll.secret }, me)
  const names = poll?.content.type === 'poll' ? poll.content.poll.options : []
  const said = {
    message_id: pollId,
    ...(chosen === undefined ? { unreadable: true } : choiceOf(chosen, names)),
  }
  const told = (more: JsonObject) => ({
    events: [
      route(gestureEvent('poll.vote', envelope, { account, about: { type: 'vote', vote: said, ...more } })),
    ],
  })
  if (chosen === undefined || poll === undefined) return [{ kind: 'event', effects: told({}) }]
  const cast = castOf(chosen, { names, envelope, sentAtMs: vote.update.senderTimestampMs })
  const others = (poll.votes ?? []).filter(({ voter }) => voter !== cast.voter)
  return [{ kind: 'vote', id: poll.id, vote: cast, effects: told(standOf(names, [...others, cast])) }]
}

function choiceOf(chosen: readonly string[], names: readonly string[]): JsonObject {
  const byHash = namesByHash(names)
  const hashes = chosen.filter(hash => !byHash.has(hash))
  return {
    options: chosen.flatMap(hash => byHash.get(hash) ?? []),
    ...(hashes.length === 0 ? {} : { option_hashes: hashes }),
  }
}

type Casting = {
  readonly names: readonly string[]
  readonly envelope: Envelope
  readonly sentAtMs: proto.Message.IPollUpdateMessage['senderTimestampMs']
}

/** What somebody has chosen. Whoever chooses nothing has taken the vote back. */
function castOf(chosen: readonly string[], { names, envelope, sentAtMs }: Casting): PollVote {
  const byHash = namesByHash(names)
  const at = instantOfMs(sentAtMs) ?? envelope.sentAt
  return { voter: envelope.from, options: chosen.map(hash => byHash.get(hash) ?? hash), at }
}

/** How the poll stands with this vote. */
function standOf(names: readonly string[], votes: readonly PollVote[]): JsonObject {
  return {
    results: resultsOf(names, votes).map(({ option, count }) => ({ option, count })),
    voter_count: votes.filter(({ options }) => options.length > 0).length,
  }
}

function namesByHash(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map(name => [createHash('sha256').update(name).digest('hex'), name]))
}

/** The hashes of the options chosen. Whether a person went by number or LID is not said, so every way is tried. */
function open(
  { update, message }: Vote,
  poll: Message & { secret: string },
  me: Me,
): readonly string[] | undefined {
  const { encPayload, encIv } = update.vote ?? {}
  if (!encPayload || !encIv) return undefined
  const voters = addresses(message.key.fromMe ? [me.id, me.lid] : writtenBy(message))
  const creators = addresses([
    ...(poll.direction === 'out'
      ? [me.id, me.lid]
      : [poll.from === undefined ? undefined : jidOf(poll.from)]),
    update.pollCreationMessageKey?.participant,
    ...voters,
  ])
  const pollEncKey = Buffer.from(poll.secret, 'base64')
  for (const pollCreatorJid of creators) {
    for (const voterJid of voters) {
      try {
        const how = { pollCreatorJid, pollMsgId: poll.messageId, pollEncKey, voterJid }
        const { selectedOptions } = decryptPollVote({ encPayload, encIv }, how)
        return (selectedOptions ?? []).map(hash => Buffer.from(hash).toString('hex'))
      } catch {
        // not these two addresses
      }
    }
  }
  return undefined
}

function writtenBy({ key }: WAMessage): readonly (string | null | undefined)[] {
  return key.participant ? [key.participant, key.participantAlt] : [key.remoteJid, key.remoteJidAlt]
}

function addresses(jids: readonly (string | null | undefined)[]): readonly string[] {
  return [...new Set(jids.flatMap(jid => (jid ? [jidNormalizedUser(jid)] : [])))]
}
