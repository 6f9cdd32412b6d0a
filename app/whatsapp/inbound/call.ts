import { type BinaryNode, getAllBinaryNodeChildren, getBinaryNodeChild } from '@whiskeysockets/baileys'
import { personOf } from '../translate.ts'
import { instantOfSeconds } from './numbers.ts'
import { NOTHING, type Reader, type Reading } from './reading.ts'

const OFFERS = new Set(['offer', 'offer_notice'])

/** True for the stanza with which a call begins; what becomes of it is nobody's business who cannot answer. */
export function isCallOffer(node: BinaryNode): boolean {
  return node.tag === 'call' && offerOf(node) !== undefined
}

/** A call is told once, however many stanzas announce it. */
export async function readCall(node: BinaryNode, { account, lookup, route, at }: Reader): Promise<Reading> {
  const offer = offerOf(node)
  const id = offer?.attrs['call-id']
  const creator = offer?.attrs['call-creator'] ?? node.attrs.from
  const from = await personOf(creator, offer?.attrs.caller_pn, lookup)
  if (offer === undefined || id === undefined || from === undefined) return NOTHING
  const group = offer.attrs['group-jid']
  const data = {
    call_id: id,
    chat: group ?? from,
    from,
    video: getBinaryNodeChild(offer, 'video') !== undefined,
    ...(group === undefined ? {} : { group }),
    timestamp: (instantOfSeconds(node.attrs.t) ?? at).toISOString(),
  }
  const events = [route({ type: 'call.received', account, chat: data.chat, data })]
  const subject = JSON.stringify(['call', creator, id])
  const ringing = creator === undefined ? {} : { ringing: { callId: id, from: creator } }
  return { changes: [{ kind: 'event', effects: { events } }], subject, kept: true, ...ringing }
}

function offerOf(node: BinaryNode): BinaryNode | undefined {
  return getAllBinaryNodeChildren(node).find(({ tag }) => OFFERS.has(tag))
}
