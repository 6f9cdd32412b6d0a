import type { Endpoint } from '../../snapshot.ts'
import { amount, door, NOTES, names, note, scale, time, WIDENS } from '../field.ts'
import { coversCidrs } from '../relation.ts'
import { type Rows, section, stateOf } from '../section.ts'

const rows: Rows<Endpoint> = {
  name: [],
  url: [
    door('url', ({ url }) => url, {
      state: 'Deliveries that wait go to the new URL; its breaker keeps its state.',
    }),
  ],
  events: [names('events', ({ events }) => [...events], WIDENS)],
  accounts: [names('accounts', ({ accounts }) => accounts && [...accounts], WIDENS)],
  format: [
    note('format', ({ format }) => format, {
      state: 'Deliveries that wait are posted in the new format: the receiver must read it.',
    }),
  ],
  verifyTokenRef: [
    note('verifyTokenRef', ({ verifyTokenRef }) => verifyTokenRef, {
      state: 'Where there is a verify token, deliveries wait until the receiver has shown that it knows it.',
    }),
  ],
  payload: [
    scale('payload.body', ({ payload }) => payload.body, { ...WIDENS, words: ['none', 'full'] }),
    scale('payload.contact', ({ payload }) => payload.contact, { ...WIDENS, words: ['hash', 'clear'] }),
  ],
  signScheme: [
    note('sign.scheme', ({ signScheme }) => signScheme, {
      state: 'The receiver must check the new signature.',
    }),
  ],
  secretRefs: [
    note('sign.secretRef', ({ secretRefs }) => secretRefs.join(', before '), {
      state: 'The receiver must know the new secret: deliveries that wait are signed with it.',
    }),
  ],
  caRef: [door('tls.ca', ({ caRef }) => caRef)],
  clientCertificateRef: [note('tls.clientCertificate', endpoint => endpoint.clientCertificateRef)],
  allowCidrs: [
    names('allowNetworks', ({ allowCidrs }) => allowCidrs, {
      ...WIDENS,
      covers: coversCidrs,
      absent: 'none',
    }),
  ],
  order: [note('order', ({ order }) => order, { state: 'Deliveries that wait leave in the new order.' })],
  timeoutMs: [time('timeout', ({ timeoutMs }) => timeoutMs, NOTES)],
  concurrency: [amount('concurrency', ({ concurrency }) => concurrency, NOTES)],
  retry: [
    note('retry.schedule', ({ retry }) => retry.schedule),
    time('retry.maxAge', ({ retry }) => retry.maxAgeMs, {
      ...NOTES,
      state: 'Deliveries that wait for longer than this become dead letters, which can be replayed.',
    }),
  ],
}

const NEW = 'It is told of events from now on, and of none before.'
const GONE =
  'Its deliveries are neither posted nor replayed, and events of the time until it comes back under this name are never told to it.'

/** To tell more, to more, or elsewhere is WIDER. */
export const endpoints = section({
  kind: 'Webhooks',
  noun: 'endpoint',
  all: snapshot => snapshot.endpoints,
  rows,
  added: () => ['WIDER'],
  removed: () => ['DESTRUCTIVE'],
  stateOf: stateOf(NEW, GONE),
})
