import { get, picture, post, Refusal } from './api.js'
import { by, show, write } from './dom.js'

const UNDERSTOOD = 'postern.unofficial-software-understood'
const FOLLOW_EVERY_MS = 1_000
const ENDS = new Set(['done', 'expired', 'failed'])

/** The dialog that links an account: the disclaimer once, then the QR code until it is scanned or given up. */
export function createLinkDialog(onLinked) {
  const dialog = by('link')
  /** The account the dialog is open for: a new object each time, so that no answer to an earlier opening counts. */
  let opening
  let timer
  let shownQr
  let firstLifeMs = 0

  by('link-understood').addEventListener('change', event => {
    by('link-go').disabled = !event.target.checked
  })
  by('link-go').addEventListener('click', () => {
    remember()
    scan()
  })
  by('link-again').addEventListener('click', () => scan())
  by('link-finish').addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => {
    if (dialog.open) return // the event comes late: it is open again, for another opening
    forget()
    // The button that opened it may be gone with the account linked; then the browser would start over at the top.
    setTimeout(() => document.activeElement === document.body && by('main').focus())
  })

  /** Opens the dialog for an account; what is under way already is followed, not begun again. */
  function open({ name, display_name: title, state }) {
    forget()
    opening = { name, underWay: state === 'pairing' }
    write(by('link-title'), `Link ${title}`)
    by('link-understood').checked = false
    by('link-go').disabled = true
    const first = !understood()
    show(by('link-consent'), first)
    show(by('link-scan'), !first)
    dialog.showModal()
    if (first) by('link-understood').focus()
    else scan()
  }

  async function scan() {
    const mine = opening
    show(by('link-consent'), false)
    show(by('link-scan'), true)
    show(by('link-steps'), true)
    ended(false)
    verdict('Asking WhatsApp for a code…')
    try {
      const link = await begin(mine)
      if (opening === mine) await follow(mine, link)
    } catch (error) {
      if (opening === mine) failed(error)
    }
  }

  async function begin(mine) {
    const running = mine.underWay ? await get(path(mine.name)).catch(() => undefined) : undefined
    mine.underWay = false
    if (running?.state === 'waiting' && running.qr !== undefined) return running
    return await post(path(mine.name), { method: 'qr' })
  }

  async function follow(mine, link) {
    await showLink(mine, link)
    if (opening !== mine || ENDS.has(link.state)) return
    timer = setTimeout(async () => {
      try {
        const next = await get(path(mine.name))
        if (opening === mine) await follow(mine, next)
      } catch (error) {
        if (opening === mine) failed(error)
      }
    }, FOLLOW_EVERY_MS)
  }

  async function showLink(mine, link) {
    if (link.state === 'waiting') return await showQr(mine, link)
    forgetPicture()
    show(by('link-life'), false)
    show(by('link-steps'), false)
    if (link.state === 'scanned') return verdict('Scanned. Finishing on the phone…', 'busy')
    if (link.state === 'done') {
      verdict('Linked. The account connects now.', 'good')
      ended(true, 'link-finish')
      return onLinked()
    }
    verdict(
      link.reason ?? (link.state === 'expired' ? 'No code was scanned in time.' : 'Linking did not work.'),
      'bad',
    )
    ended(true, 'link-again')
  }

  async function showQr(mine, link) {
    const leftMs = Math.max(0, new Date(link.expires_at).getTime() - Date.now())
    if (link.qr !== undefined && link.qr !== shownQr) {
      const blob = await picture(path(mine.name))
      if (opening !== mine) return
      forgetPicture()
      shownQr = link.qr
      firstLifeMs = Math.max(leftMs, 1)
      by('link-picture').src = URL.createObjectURL(blob)
      show(by('link-picture'), true)
      verdict('Waiting for the phone to scan the code.')
    }
    show(by('link-life'), shownQr !== undefined)
    by('link-left').value = leftMs / firstLifeMs
    write(
      by('link-seconds'),
      leftMs === 0 ? 'A new code is coming…' : `A new code in ${Math.ceil(leftMs / 1_000)} s`,
    )
  }

  function forget() {
    clearTimeout(timer)
    opening = undefined
    forgetPicture()
  }

  function failed(error) {
    forgetPicture()
    show(by('link-life'), false)
    show(by('link-steps'), false)
    verdict(error instanceof Refusal ? error.message : 'The appliance cannot be reached.', 'bad')
    ended(true, 'link-again')
  }

  function forgetPicture() {
    const image = by('link-picture')
    if (image.src.startsWith('blob:')) URL.revokeObjectURL(image.src)
    image.removeAttribute('src')
    show(image, false)
    shownQr = undefined
  }

  function ended(over, button) {
    show(by('link-frame'), !over)
    show(by('link-after'), over)
    for (const one of ['link-again', 'link-finish']) show(by(one), one === button)
    if (over) by(button).focus()
  }

  function verdict(text, tone = 'idle') {
    write(by('link-verdict'), text)
    by('link-verdict').dataset.tone = tone
  }

  return { open }
}

const path = name => `/v1/accounts/${encodeURIComponent(name)}/link`

/** Storage can be switched off in a browser; then the disclaimer comes each time. */
function understood() {
  try {
    return localStorage.getItem(UNDERSTOOD) === 'yes'
  } catch {
    return false
  }
}

function remember() {
  try {
    localStorage.setItem(UNDERSTOOD, 'yes')
  } catch {}
}
