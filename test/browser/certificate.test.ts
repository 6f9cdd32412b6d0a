import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type BrowserContext, chromium } from 'playwright-core'
import { type AppRig, startAppRig } from '../edge/app-rig.ts'
import { pki } from '../edge/callers/revocation.ts'
import { debianTool } from '../helpers/debian-tool.ts'
import { CHROMIUM, FLAGS, noBrowser } from './browser.ts'

const WITHIN_MS = 60_000
const isLong = process.env.TEST_LONG === '1'
const skip = isLong ? noBrowser() : 'starts a browser of its own three times: --long'
/** Another library than the browser's own would be another import. */
const SUITE = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''

let folder: string
let rig: AppRig
let issued: Record<string, string>
before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'postern-p12-'))
  rig = await startAppRig({ portBase: 27_900, secrets: {} })
  issued = await pki(rig, 'issue', 'billing', '--p12')
})
after(async () => {
  await rig?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

const api = () => `https://localhost:${rig.ports.api}`

/** Who the api site says that the browser is; how the connection failed when it says nothing. */
async function whoIs(context: BrowserContext): Promise<string> {
  const page = await context.newPage()
  const failure = await page.goto(`${api()}/v1/whoami`, { timeout: WITHIN_MS }).then(
    () => undefined,
    (error: Error) => /ERR_\w+/.exec(error.message)?.[0] ?? error.message,
  )
  return failure ?? String(JSON.parse(await page.innerText('body')).principal)
}

test('the file of pki issue --p12 lets a page be opened where the site asks for a certificate', {
  skip,
}, async () => {
  // Playwright reads the file with Node's OpenSSL and does this TLS itself: the page is the browser's, the import is not.
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
  try {
    const known = { origin: api(), pfxPath: issued.p12_file ?? '', passphrase: issued.p12_password ?? '' }
    const context = (clientCertificates: (typeof known)[]) =>
      browser.newContext({ ignoreHTTPSErrors: true, clientCertificates })
    assert.equal(await whoIs(await context([known])), 'billing')
    assert.match(await whoIs(await context([])), /^ERR_/)
  } finally {
    await browser.close()
  }
})

test('Chromium shows it out of its own store, into which NSS has imported it', {
  skip: skip === false && process.getuid?.() !== 0 ? 'only root can give the browser a policy' : skip,
}, async () => {
  const tools = debianTool('libnss3-tools', SUITE)
  const nss = (program: string, ...args: string[]) =>
    execFileSync(join(tools, 'usr/bin', program), args, { encoding: 'utf8', timeout: WITHIN_MS })
  const home = (name: string) => {
    const store = join(folder, name, '.pki/nssdb')
    mkdirSync(store, { recursive: true })
    nss('certutil', '-N', '--empty-password', '-d', `sql:${store}`)
    return { path: join(folder, name), store: `sql:${store}` }
  }
  const [full, empty] = [home('full'), home('empty')]
  const password = issued.p12_password ?? ''
  const imported = ['-i', issued.p12_file ?? '', '-d', full.store, '-K', '', '-W']
  assert.throws(() => nss('pk12util', ...imported, `${password}x`))
  assert.match(nss('pk12util', ...imported, password), /PKCS12 IMPORT SUCCESSFUL/)
  assert.match(nss('certutil', '-L', '-d', full.store), /^Postern billing +u,u,u/m)
  assert.equal(await whoHasHome(full.path), 'billing')
  assert.match(await whoHasHome(empty.path), /^ERR_/)
})

/** Without a policy that chooses, the browser would ask a person which certificate to show. */
async function whoHasHome(home: string): Promise<string> {
  const policy = join(home, 'choose.json')
  const choice = JSON.stringify({ pattern: api(), filter: {} })
  writeFileSync(policy, JSON.stringify({ AutoSelectCertificateForUrls: [choice] }))
  const wrapper = join(home, 'chromium')
  const inside = `mount -t tmpfs tmpfs /etc/chromium && mkdir -p /etc/chromium/policies/managed && cp '${policy}' /etc/chromium/policies/managed/`
  writeFileSync(
    wrapper,
    `#!/bin/sh\nexec unshare --mount sh -c "${inside} && exec ${CHROMIUM} \\"\\$@\\"" sh "$@"\n`,
  )
  chmodSync(wrapper, 0o755)
  const context = await chromium.launchPersistentContext(join(home, 'profile'), {
    executablePath: wrapper,
    args: FLAGS,
    ignoreHTTPSErrors: true,
    env: { ...(process.env as Record<string, string>), HOME: home },
  })
  try {
    return await whoIs(context)
  } finally {
    await context.close()
  }
}
