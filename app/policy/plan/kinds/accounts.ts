import type { AccountPolicy } from '../../snapshot.ts'
import { door, NOTES, names, note, scale, time, WIDENS } from '../field.ts'
import { coversCidrs } from '../relation.ts'
import { type Rows, section, stateOf } from '../section.ts'

const rows: Rows<AccountPolicy> = {
  name: [],
  displayName: [note('displayName', ({ displayName }) => displayName)],
  reconnect: [
    time('reconnect.maxBackoff', ({ reconnect }) => reconnect.maxBackoffMs, NOTES),
    time('reconnect.giveUpAfter', ({ reconnect }) => reconnect.giveUpAfterMs, NOTES),
  ],
  refreshEveryMs: [
    time('refreshEvery', ({ refreshEveryMs }) => refreshEveryMs, { ...NOTES, absent: 'never' }),
  ],
  selfCheckEveryMs: [
    time('selfCheckEvery', ({ selfCheckEveryMs }) => selfCheckEveryMs, { ...NOTES, absent: 'never' }),
  ],
  alertsOnLoggedOut: [
    note('onLoggedOut.alert', ({ alertsOnLoggedOut: alerts }) => (alerts ? 'security.alert' : 'none')),
  ],
  linkCidrs: [
    names('links.allowNetworks', ({ linkCidrs = [] }) => linkCidrs, {
      ...WIDENS,
      covers: coversCidrs,
      absent: 'none',
    }),
  ],
  linkCaRef: [door('links.ca', ({ linkCaRef }) => linkCaRef)],
  markRead: [scale('markRead', ({ markRead }) => String(markRead), { ...WIDENS, words: ['false', 'true'] })],
  rejectCalls: [note('rejectCalls', ({ rejectCalls }) => (rejectCalls ? 'true' : undefined))],
  presence: [
    scale('presence', ({ presence }) => presence, { ...WIDENS, words: ['unavailable', 'available'] }),
  ],
  history: [scale('history', ({ history }) => history, { ...WIDENS, words: ['none', 'recent', 'full'] })],
}

const NEW = 'It must be linked before it sends or receives.'
const GONE =
  'Its session ends and nothing is received for it. Its outbox is not sent: what waits there expires, unless the account comes back under this name.'

/** What an account shows to its contacts, takes in of their past, or may fetch from inside, is WIDER. */
export const accounts = section({
  kind: 'Accounts',
  noun: 'account',
  all: snapshot => snapshot.accounts,
  rows,
  added: () => ['WIDER'],
  removed: () => ['DESTRUCTIVE'],
  stateOf: stateOf(NEW, GONE),
})
