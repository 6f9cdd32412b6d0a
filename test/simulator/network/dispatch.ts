import { children, type Stanza, stanza } from '../wire/stanza.ts'
import { mexIqs } from './channels/mex.ts'
import { channelIqs } from './channels/posts.ts'
import type { Client } from './client.ts'
import { blockIqs } from './contacts/blocking.ts'
import { pictureIqs } from './contacts/pictures.ts'
import { takeChatState, takePresence } from './contacts/signs.ts'
import { groupIqs } from './groups/iqs.ts'
import { accountIqs } from './iq/account.ts'
import { appStateIqs } from './iq/app-state.ts'
import { encryptIqs } from './iq/encrypt.ts'
import { mediaIqs } from './iq/media.ts'
import { profileIqs } from './iq/profile.ts'
import type { IqOutcome, IqTable } from './iq/table.ts'
import { usyncIqs } from './iq/usync.ts'
import { takeAck, takeReceipt } from './messages/confirmations.ts'
import { takeMessage } from './messages/messages.ts'
import { takeCall } from './messages/signals.ts'
import type { Network } from './network.ts'
import { recordViolation } from './violations.ts'

const IQS: IqTable = {
  ...accountIqs,
  ...encryptIqs,
  ...usyncIqs,
  ...appStateIqs,
  ...groupIqs,
  ...profileIqs,
  ...mediaIqs,
  ...blockIqs,
  ...mexIqs,
  ...channelIqs,
  ...pictureIqs,
}
/** What WhatsApp limits when a client asks too much: the directory and what hangs on it. */
const LIMITED = ['usync', 'w:g2', 'w:mex', 'w:profile:picture', 'status']
const RATE_OVERLIMIT = 429
const NOT_IMPLEMENTED: IqOutcome = { kind: 'error', code: 501, text: 'feature-not-implemented' }
/** Stanzas that WhatsApp takes note of without a word. */
const UNANSWERED = ['ib']

/**
 * Answers one stanza of a client. Never throws: what a client cannot say ends as a refusal and a violation.
 */
export async function dispatch(network: Network, client: Client, node: Stanza): Promise<void> {
  try {
    await (client.account === undefined
      ? takeUnlinked(network, client, node)
      : takeLinked(network, client, node))
  } catch (error) {
    const detail = `${node.tag} could not be taken: ${error instanceof Error ? error.message : String(error)}`
    recordViolation(network.world, { kind: 'malformed-stanza', account: client.account?.user.number, detail })
    client.connection.end(stanza('stream:error', {}, [stanza('bad-format')]))
  }
}

async function takeLinked(network: Network, client: Client, node: Stanza): Promise<void> {
  const { account } = client
  if (account === undefined) return
  switch (node.tag) {
    case 'iq':
      return takeIq(network, client, node)
    case 'message':
      return takeMessage(network, client, account, node)
    case 'receipt':
      return takeReceipt(network, client, account, node)
    case 'ack':
      return takeAck(network, account, node)
    case 'call':
      return takeCall(network, client, account, node)
    case 'presence':
      return takePresence(network, client, account, node)
    case 'chatstate':
      return takeChatState(network, account, node)
    default:
      if (UNANSWERED.includes(node.tag)) return
      recordViolation(network.world, {
        kind: 'malformed-stanza',
        account: account.user.number,
        detail: `there is no stanza <${node.tag}>`,
      })
  }
}

async function takeIq(network: Network, client: Client, iq: Stanza): Promise<void> {
  const { account } = client
  const { type = '', xmlns = '', id } = iq.attrs
  if (account === undefined || type === 'result' || type === 'error') return
  if (id === undefined) {
    return recordViolation(network.world, {
      kind: 'malformed-stanza',
      account: account.user.number,
      detail: `an iq ${xmlns} without an id`,
    })
  }
  const limit = LIMITED.includes(xmlns)
    ? network.faults.fires('query-overlimit', account.user.number)
    : undefined
  if (limit !== undefined) {
    return client.refuse(iq, { code: limit.code ?? RATE_OVERLIMIT, text: 'rate-overlimit' })
  }
  const request = children(iq)[0]
  const topic = `${xmlns} ${type} ${request?.tag ?? ''}`
  const answer = IQS[topic]
  if (answer === undefined) network.unanswered.add(topic)
  const outcome =
    answer === undefined ? NOT_IMPLEMENTED : await answer({ network, client, iq, request, ...account })
  if (outcome.kind === 'result') client.answer(iq, outcome.content)
  if (outcome.kind === 'error') client.refuse(iq, outcome)
}

/** A device without an account may ping, answer the server's iqs and ask for a pairing code. */
async function takeUnlinked({ pairings }: Network, client: Client, node: Stanza): Promise<void> {
  if (node.tag !== 'iq') return
  if (node.attrs.type === 'result') return pairings.accept(client, node)
  const request = children(node)[0]
  if (request?.tag !== 'link_code_companion_reg') return client.answer(node)
  if (request.attrs.stage === 'companion_hello') {
    const ref = pairings.requestCode(client, request)
    if (ref === undefined) return client.refuse(node, { code: 400, text: 'bad-request' })
    const content = [stanza('link_code_pairing_ref', {}, ref)]
    return client.answer(node, [stanza('link_code_companion_reg', { stage: 'companion_hello' }, content)])
  }
  client.answer(node)
  if (!pairings.finishCode(client, request)) client.endWith({ code: 400 })
}
