import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { proto } from '@whiskeysockets/baileys'
import { keyOf, knownMessage } from './key.ts'
import { base64Of, type Kinds, type Known } from './kind.ts'
import { MemberFault, readMembers } from './members.ts'

const SECRET_BYTES = 32
const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const FEWEST_OPTIONS = 2

/** Polls, and votes that only who has the poll can read. */
export const pollKinds: Kinds = {
  poll: {
    read(message) {
      const poll = pollOf(message)
      if (poll === undefined) return undefined
      const options = (poll.options ?? []).map(({ optionName }) => optionName ?? '')
      const content = { name: poll.name ?? '', options, selectable_count: poll.selectableOptionsCount ?? 0 }
      return { content, contextInfo: poll.contextInfo }
    },
    write(member) {
      const { name, options, selectable_count } = readMembers(
        member,
        { name: 'string', options: 'strings', selectable_count: 'number?' },
        'poll',
      )
      if (options.length < FEWEST_OPTIONS) throw new MemberFault('`poll.options` must be two or more')
      const poll = {
        name,
        options: options.map(optionName => ({ optionName })),
        selectableOptionsCount: selectable_count ?? 0,
      }
      const messageContextInfo = { messageSecret: randomBytes(SECRET_BYTES) }
      return selectable_count === 1
        ? { pollCreationMessageV3: poll, messageContextInfo }
        : { pollCreationMessage: poll, messageContextInfo }
    },
  },
  vote: {
    read({ pollUpdateMessage: update }, reader) {
      if (update == null) return undefined
      const message_id = update.pollCreationMessageKey?.id ?? ''
      const options = reader.openVote(update)
      return typeof options === 'string'
        ? { content: { message_id }, fault: options }
        : { content: { message_id, options } }
    },
    write(member, writer) {
      const { message_id, options } = readMembers(
        member,
        { message_id: 'string', options: 'strings' },
        'vote',
      )
      const poll = knownMessage(writer, message_id)
      const known = optionsOf(poll.message)
      const unknown = options.find(option => !known.includes(option))
      if (unknown !== undefined) throw new MemberFault(`the poll ${message_id} has no option ${unknown}`)
      const hashes = options.map(optionHash)
      const vote = sealVote(poll, writer.me, hashes)
      const senderTimestampMs = writer.now().getTime()
      return { pollUpdateMessage: { pollCreationMessageKey: keyOf(writer, poll), vote, senderTimestampMs } }
    },
  },
}

/** Votes are encrypted for who has the poll, under the JIDs of the poll's author and of the voter. */
function sealVote(
  poll: Known,
  voter: string,
  selectedOptions: readonly Uint8Array[],
): proto.Message.IPollEncValue {
  const encIv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', voteKey(poll, voter), encIv)
  cipher.setAAD(Buffer.from(`${poll.id}\0${voter}`))
  const vote = proto.Message.PollVoteMessage.encode({ selectedOptions: [...selectedOptions] }).finish()
  const encPayload = Buffer.concat([cipher.update(vote), cipher.final(), cipher.getAuthTag()])
  return { encPayload, encIv }
}

/** The names of the options that a vote chose. Throws when the vote was not made by this voter for this poll. */
export function openVote(
  poll: Known,
  voter: string,
  { encPayload, encIv }: proto.Message.IPollEncValue,
): readonly string[] {
  const sealed = Buffer.from(encPayload ?? [])
  const decipher = createDecipheriv('aes-256-gcm', voteKey(poll, voter), encIv ?? Buffer.alloc(0))
  decipher.setAAD(Buffer.from(`${poll.id}\0${voter}`))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const vote = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  const { selectedOptions } = proto.Message.PollVoteMessage.decode(vote)
  const names = new Map(optionsOf(poll.message).map(name => [base64Of(optionHash(name)), name]))
  return (selectedOptions ?? []).map(hash => {
    const name = names.get(base64Of(hash))
    if (name === undefined) throw new Error('the vote is for an option that the poll does not have')
    return name
  })
}

function voteKey({ id, author, message }: Known, voter: string): Buffer {
  const secret = message.messageContextInfo?.messageSecret
  if (secret == null) throw new Error('the poll has no secret')
  const info = `${id}${author}${voter}Poll Vote`
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(KEY_BYTES), info, KEY_BYTES))
}

function pollOf(message: proto.IMessage): proto.Message.IPollCreationMessage | undefined {
  const { pollCreationMessage, pollCreationMessageV2, pollCreationMessageV3 } = message
  return pollCreationMessage ?? pollCreationMessageV2 ?? pollCreationMessageV3 ?? undefined
}

function optionsOf(message: proto.IMessage): readonly string[] {
  return (pollOf(message)?.options ?? []).map(({ optionName }) => optionName ?? '')
}

function optionHash(name: string): Uint8Array {
  return createHash('sha256').update(name).digest()
}
