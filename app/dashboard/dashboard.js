import { showAccounts } from './accounts.js'
import { get, Refusal } from './api.js'
import { by, make, show, write } from './dom.js'
import { createLinkDialog } from './link.js'
import { showMessages, showNoMessages } from './messages.js'

const EVERY_MS = 2_000
const AFTER_FAILURE_MS = 5_000
const MESSAGES = 20

const dialog = createLinkDialog(() => void refresh())
const choice = by('account')
let timer
let running = false

choice.addEventListener('change', () => void refresh())
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh()
})
void refresh()

/** Asks for everything the page shows, then again after a while. A hidden page rests. */
async function refresh() {
  if (running) return
  running = true
  clearTimeout(timer)
  let againMs = EVERY_MS
  try {
    await showWho()
    const accounts = (await get('/v1/accounts')).data
    showAccounts(accounts, account => dialog.open(account))
    await showChosen(accounts)
    trouble('')
  } catch (error) {
    trouble(sentence(error))
    againMs = Math.max(AFTER_FAILURE_MS, error instanceof Refusal ? error.retryAfterMs : 0)
  }
  running = false
  if (!document.hidden) timer = setTimeout(refresh, againMs)
}

async function showWho() {
  const me = await get('/v1/whoami')
  write(by('who-name'), me.roles.length === 0 ? me.principal : `${me.principal} (${me.roles.join(', ')})`)
  write(by('who-policy'), me.policy.revision)
  by('who-policy').title = me.policy.digest
  show(by('who'), true)
  show(by('sandbox'), me.sandbox)
}

async function showChosen(accounts) {
  const names = accounts.map(account => account.name)
  const titleOf = name => accounts.find(account => account.name === name).display_name
  const listed = [...choice.options].map(option => option.value)
  if (names.join('\n') !== listed.join('\n')) {
    const before = choice.value
    choice.replaceChildren(...names.map(name => make('option', { value: name, textContent: titleOf(name) })))
    if (names.includes(before)) choice.value = before
  }
  show(by('choice'), names.length > 1)
  if (choice.value === '') return showNoMessages('Messages appear here once there is an account.')
  try {
    const page = await get(`/v1/accounts/${encodeURIComponent(choice.value)}/messages?limit=${MESSAGES}`)
    showMessages(page.data)
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 403) throw error
    showNoMessages(`You may not read the messages of this account. ${error.message}`)
  }
}

/** Says in one place that what is shown may be old. */
function trouble(text) {
  write(by('trouble'), text)
  show(by('trouble'), text !== '')
  by('main').classList.toggle('stale', text !== '')
  if (text === '') return
  for (const note of ['accounts-note', 'messages-note']) {
    if (by(note).textContent === 'Loading…') write(by(note), 'Not available at the moment.')
  }
}

function sentence(error) {
  if (!(error instanceof Refusal)) return 'The appliance cannot be reached. Trying again…'
  const request = error.requestId === undefined ? '' : ` (request ${error.requestId})`
  return `${error.message}${request}`
}
