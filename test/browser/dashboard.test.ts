import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { encode } from 'uqr'
import { eventually, type Sandbox, startSandbox } from '../gateway/sandbox.ts'
import { noBrowser, OPERATOR, type OpenPage, openDashboard, passwordOf } from './browser.ts'

const MAIN = '+12025550100'
const CONTACT = '+15551230001'
/** Each is asked for its password first, and goes on over a connection that the others use. */
const TABS = 10
const WITHIN_MS = 20_000

const skip = noBrowser()
let sandbox: Sandbox
let open: OpenPage
let page: Page
before(async () => {
  if (skip !== false) return
  sandbox = await startSandbox()
  await sandbox.simulator('/phones', { number: CONTACT, name: 'Ada' })
  open = await openDashboard(sandbox.endpoints())
  page = open.page
  page.setDefaultTimeout(WITHIN_MS)
})
after(async () => {
  await open?.close()
  await sandbox?.dispose()
})

test('asks for a password before it shows anything', { skip }, async () => {
  const stranger = await sandbox.api({ site: 'dashboard', path: '/' })
  assert.equal(stranger.status, 401)
  assert.doesNotMatch(stranger.text, /Postern/)
})

test('shows the account with its state and health, who looks at it, and that this is the sandbox', {
  skip,
}, async () => {
  const card = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Sandbox' }) })
  await card.getByText('Connected', { exact: true }).waitFor()
  await card.getByText(MAIN).waitFor()
  for (const part of ['Connection', 'Receiving', 'Sending']) {
    await card.getByText(`${part}: good`).waitFor()
  }
  await page.getByText('WhatsApp is simulated here').waitFor()
  await page.getByText('oncall (operator)').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Link Sandbox' }).count(), 0)
})

test('shows a message as text with its status, and by keyboard its timeline', { skip }, async () => {
  const body = 'Hello <b>Ada</b>'
  const sent = await sandbox.api({
    path: '/v1/accounts/main/messages',
    body: { to: CONTACT, text: { body } },
  })
  assert.equal(sent.status, 202)
  const line = page.locator('#messages li', { hasText: body })
  await line
    .getByText(/^(delivered|read)$/)
    .first()
    .waitFor()
  await line.locator('summary').focus()
  await page.keyboard.press('Enter')
  await line.getByText('queued').waitFor()
  await line.getByText('sent', { exact: true }).waitFor()
})

test('links an account: warns the first time, shows the code of the moment, and sees it scanned', {
  skip,
}, async () => {
  await sandbox.api({ path: '/v1/accounts/main/logout', method: 'POST' })
  await page.getByRole('button', { name: 'Link Sandbox' }).click()
  const dialog = page.getByRole('dialog', { name: 'Link Sandbox' })
  await dialog.getByText('Postern is unofficial software.').waitFor()
  const go = dialog.getByRole('button', { name: 'Show the QR code' })
  assert.equal(await go.isDisabled(), true)
  await dialog.getByRole('checkbox').check()
  await go.click()
  const qr = await codeOf(sandbox)
  await dialog.getByText(/^A new code in \d+ s$/).waitFor()
  await eventually('the picture is the code', async () => (await picturedIs(page, qr)) || undefined)
  await sandbox.simulator(`/phones/${MAIN}/scan`, { qr })
  await dialog.getByText('Linked. The account connects now.').waitFor()
  assert.equal(await dialog.getByRole('img').isVisible(), false)
  await dialog.getByRole('button', { name: 'Done' }).press('Enter')
  await page.locator('#accounts').getByText('Connected', { exact: true }).waitFor()
})

test('does not warn a second time, and a closed dialog leaves no code behind', { skip }, async () => {
  await sandbox.api({ path: '/v1/accounts/main/logout', method: 'POST' })
  try {
    await page.getByRole('button', { name: 'Link Sandbox' }).press('Enter')
    await page.getByRole('dialog').getByRole('img').waitFor()
    await page.keyboard.press('Escape')
    // The browser tells the page of a closed dialog a moment after it is gone.
    await eventually('the code is gone', async () => (await pictureSource()) === null || undefined)
  } finally {
    await linkAgain()
  }
})

test('what was asked for a closed dialog does not touch the one that is open by then', { skip }, async () => {
  await sandbox.api({ path: '/v1/accounts/main/logout', method: 'POST' })
  const link = '**/v1/accounts/main/link'
  const held: Route[] = []
  await page.route(link, async route => {
    if (held.length > 0) return await route.fallback()
    held.push(route)
  })
  try {
    const button = page.getByRole('button', { name: 'Link Sandbox' })
    await button.press('Enter')
    await eventually('it asks for a code', async () => held[0])
    await page.keyboard.press('Escape')
    await button.press('Enter')
    await page.getByRole('dialog').getByRole('img').waitFor()
    const shown = await pictureSource()
    const over = page.waitForEvent('requestfailed')
    await held[0]?.abort()
    await over
    assert.equal(await pictureSource(), shown)
    assert.equal(await page.getByText('cannot be reached').count(), 0)
  } finally {
    await page.unroute(link)
    await page.keyboard.press('Escape')
    await linkAgain()
  }
})

test('says so when the appliance does not answer, and goes on when it does again', { skip }, async () => {
  await page.context().setOffline(true)
  try {
    await page.getByRole('alert').getByText('cannot be reached').waitFor()
    assert.equal(await page.locator('#accounts').getByText(MAIN).isVisible(), true)
  } finally {
    await page.context().setOffline(false)
  }
  await page.getByRole('alert').waitFor({ state: 'hidden' })
  await page.locator('#accounts').getByText('Connected', { exact: true }).waitFor()
})

test('fits a phone, in light and in dark', { skip }, async () => {
  await page.setViewportSize({ width: 360, height: 740 })
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const width = await page.evaluate('document.documentElement.scrollWidth')
    assert.equal(width, 360)
  }
})

test('works as well when name and password stand in the address, in one tab after the other', {
  skip,
}, async () => {
  const address = new URL(sandbox.endpoints().dashboard)
  address.username = OPERATOR
  address.password = passwordOf(sandbox.endpoints())
  for (let tab = 0; tab < TABS; tab++) {
    const another = await page.context().newPage()
    await another.goto(address.href)
    await another.getByText(`${OPERATOR} (operator)`).waitFor({ timeout: WITHIN_MS })
    await another.close()
  }
})

test('went without a complaint of the page or its security policy', { skip }, () => {
  assert.deepEqual(open.complaints, [])
})

const pictureSource = () => page.locator('#link-picture').getAttribute('src')

/** Scans whatever code there is, so that the next test finds the account connected. */
async function linkAgain(): Promise<void> {
  await sandbox.simulator(`/phones/${MAIN}/scan`, { qr: await codeOf(sandbox) })
  await page.locator('#accounts').getByText('Connected', { exact: true }).waitFor()
}

/** The code that can be scanned now, as the api site tells it. */
async function codeOf(sandbox: Sandbox): Promise<string> {
  return eventually('a code to scan', async () => {
    const { text } = await sandbox.api({ path: '/v1/accounts/main/link' })
    const { qr } = JSON.parse(text) as { qr?: string }
    return qr
  })
}

/** Whether the picture in the dialog has exactly the modules of this code. */
async function picturedIs(page: Page, qr: string): Promise<boolean> {
  const { data, size } = encode(qr, { border: 4 })
  const seen = await page.evaluate(
    `(async () => {
      const image = document.getElementById('link-picture')
      if (image.hidden) return []
      try { await image.decode() } catch { return [] } // another code took its place
      const canvas = Object.assign(document.createElement('canvas'), { width: ${size * 4}, height: ${size * 4} })
      const context = canvas.getContext('2d')
      context.drawImage(image, 0, 0, canvas.width, canvas.height)
      const dark = (x, y) => context.getImageData(x * 4 + 2, y * 4 + 2, 1, 1).data[0] < 128
      return Array.from({ length: ${size} }, (_, y) => Array.from({ length: ${size} }, (_, x) => dark(x, y)))
    })()`,
  )
  return JSON.stringify(seen) === JSON.stringify(data)
}
