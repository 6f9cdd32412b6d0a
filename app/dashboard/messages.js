import { by, exactTime, make, reconcile, show, write, writeTime } from './dom.js'

const TONES = {
  held: 'busy',
  queued: 'busy',
  sending: 'busy',
  sent: 'idle',
  delivered: 'good',
  read: 'good',
  played: 'good',
  received: 'idle',
  failed: 'bad',
  expired: 'bad',
  cancelled: 'bad',
}

/** Shows an account's last messages, newest first; each opens to its timeline. */
export function showMessages(messages) {
  note(messages.length === 0 ? 'No message has passed through this account yet.' : '')
  reconcile(by('messages'), messages, { key: message => message.id, create, update })
}

/** Shows one sentence in place of the list. */
export function showNoMessages(reason) {
  note(reason)
  by('messages').replaceChildren()
}

function note(text) {
  write(by('messages-note'), text)
  show(by('messages-note'), text !== '')
}

function create(message) {
  const incoming = message.direction === 'in'
  const way = make('span', { className: 'way', textContent: incoming ? '↓' : '↑', ariaHidden: 'true' })
  const summary = make(
    'summary',
    {},
    way,
    make('span', { className: 'unseen', textContent: incoming ? 'From ' : 'To ' }),
    make('span', {
      className: 'chat',
      textContent: incoming ? (message.from ?? message.chat) : message.chat,
    }),
    make('span', { className: 'text', textContent: textOf(message) }),
    make('span', { className: 'state' }),
    make('time'),
  )
  const timeline = make('ol', { className: 'timeline' })
  const id = make('p', { className: 'faint' }, make('code', { textContent: message.id }))
  return make(
    'li',
    {},
    make(
      'details',
      {},
      summary,
      make('p', { className: 'full', textContent: textOf(message) }),
      timeline,
      id,
    ),
  )
}

function update(element, message) {
  const state = element.querySelector('.state')
  write(state, message.status)
  state.dataset.tone = TONES[message.status] ?? 'idle'
  writeTime(element.querySelector('time'), message.timeline.at(-1)?.at ?? message.created_at)
  reconcile(element.querySelector('.timeline'), message.timeline, {
    key: step => `${step.status} ${step.at}`,
    create: step => {
      const line = make('li', {}, make('b', { textContent: step.status }), ` ${exactTime(step.at)}`)
      if (step.detail !== undefined)
        line.append(make('span', { className: 'faint', textContent: ` ${step.detail}` }))
      return line
    },
    update: () => {},
  })
}

function textOf(message) {
  if (message.type === 'text') return message.text.body
  return message.type === 'unsupported'
    ? `(${message.unsupported.kind}: not readable in this version)`
    : `(${message.type})`
}
