import { stanza } from '../../wire/stanza.ts'
import { type IqTable, result } from './table.ts'

const TTL_SECONDS = 300
const MAX_BYTES = 128 * 1024 * 1024

/** Where files are uploaded, and what to show there. */
export const mediaIqs: IqTable = {
  'w:m set media_conn': ({ network, user }) => {
    const host = stanza('host', {
      hostname: network.media.hostname,
      type: 'primary',
      maxContentLengthBytes: String(MAX_BYTES),
    })
    const attributes = {
      auth: network.media.grant(user.number),
      ttl: String(TTL_SECONDS),
      auth_ttl: '21600',
      max_buckets: '12',
    }
    return result(stanza('media_conn', attributes, [host]))
  },
}
