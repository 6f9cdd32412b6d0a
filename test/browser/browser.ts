import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { SandboxEndpoints } from '../gateway/sandbox.ts'

export const CHROMIUM = '/usr/bin/chromium'
/** Nothing of the browser's own goes to the network, and it runs as root in a container too. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The person of the sandbox's policies whom basic auth lets in. */
export const OPERATOR = 'oncall'

/** A page of a fresh browser, logged in at the dashboard as basic auth asks. */
export type OpenPage = {
  readonly page: Page
  /** What went wrong in the page: errors of scripts and refusals of the content security policy. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** Why there is no browser test to run here; false when there is. */
export function noBrowser(): string | false {
  return existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`
}

/** Opens the dashboard. The test must call `close`. */
export async function openDashboard(endpoints: SandboxEndpoints): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'postern-browser-'))
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: FLAGS,
    ignoreHTTPSErrors: true, // the edge's own CA is not in the browser's store
    httpCredentials: { username: OPERATOR, password: passwordOf(endpoints) },
    viewport: { width: 1100, height: 800 },
    locale: 'en-GB',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text())
    }
  })
  await page.goto(endpoints.dashboard)
  return {
    page,
    complaints,
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** The sandbox keeps its dashboard's password beside the demo client's key. */
export function passwordOf(endpoints: SandboxEndpoints): string {
  const { demo } = endpoints.clients
  if (demo === undefined) throw new Error('the sandbox has no client "demo"')
  return readFileSync(join(dirname(demo.key_file), 'demo.password'), 'utf8').trim()
}
