import { by, make, reconcile, show, write, writeTime } from './dom.js'

/** What each state means to a person, and how it looks. */
const STATES = {
  open: ['Connected', 'good'],
  connecting: ['Connecting', 'busy'],
  pairing: ['Waiting for a scan', 'busy'],
  closed: ['Not connected', 'bad'],
  logged_out: ['Logged out by WhatsApp', 'bad'],
  paused: ['Paused', 'idle'],
  unlinked: ['Not linked', 'idle'],
}
const HEALTH = { connected: 'Connection', receiving: 'Receiving', sending: 'Sending' }
const LINKABLE = new Set(['unlinked', 'pairing', 'logged_out'])
const DEVICELESS = new Set(['unlinked', 'pairing', 'logged_out'])

/** Each account as it was last shown. */
const latest = new Map()

/** Shows the accounts. `onLink` is called with the account whose button was pressed, as it stood then. */
export function showAccounts(accounts, onLink) {
  write(by('accounts-note'), accounts.length === 0 ? NONE : '')
  show(by('accounts-note'), accounts.length === 0)
  reconcile(by('accounts'), accounts, {
    key: account => account.name,
    create: account => create(account, onLink),
    update,
  })
}

const NONE = 'There is no account yet. Declare one under the kind Accounts in the policy files.'

function create(account, onLink) {
  const health = make('ul', { className: 'health' })
  for (const [part, label] of Object.entries(HEALTH)) {
    const item = make(
      'li',
      {},
      make('span', { className: 'dot', ariaHidden: 'true' }),
      label,
      make('span', { className: 'unseen' }),
    )
    item.dataset.part = part
    health.append(item)
  }
  const link = make('button', { className: 'link-button', textContent: 'Link' })
  link.setAttribute('aria-label', `Link ${account.display_name}`)
  link.addEventListener('click', () => onLink(latest.get(account.name)))
  return make(
    'li',
    { className: 'card' },
    make(
      'div',
      { className: 'bar' },
      make('h3', { textContent: account.display_name }, ...alias(account)),
      make('span', { className: 'state' }),
    ),
    make('p', { className: 'phone' }),
    health,
    make('p', { className: 'reason' }),
    make('p', { className: 'foot' }, make('span', { className: 'seen' }, 'Last heard ', make('time')), link),
  )
}

/** The name that the API and the policies use, when people are shown another. */
function alias({ name, display_name: shown }) {
  return name === shown.toLowerCase() ? [] : [' ', make('code', { className: 'faint', textContent: name })]
}

function update(element, account) {
  latest.set(account.name, account)
  const [label, tone] = STATES[account.state] ?? [account.state, 'idle']
  const state = element.querySelector('.state')
  write(state, label)
  state.dataset.tone = tone
  write(element.querySelector('.phone'), account.phone ?? 'No number yet')
  element.querySelector('.phone').classList.toggle('faint', account.phone === null)
  const linked = !DEVICELESS.has(account.state)
  const health = element.querySelector('.health')
  show(health, linked)
  for (const item of health.children) {
    const good = account.health[item.dataset.part]
    item.dataset.good = String(good)
    write(item.querySelector('.unseen'), good ? ': good' : ': not now')
  }
  write(element.querySelector('.reason'), account.reason ?? '')
  show(element.querySelector('.reason'), account.reason !== null)
  const seen = element.querySelector('.seen')
  show(seen, linked && account.last_stanza_at !== null)
  if (account.last_stanza_at !== null) writeTime(seen.querySelector('time'), account.last_stanza_at)
  show(element.querySelector('.link-button'), LINKABLE.has(account.state))
}
