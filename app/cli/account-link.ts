import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { accountPath } from './account-text.ts'
import { tellControl } from './control.ts'
import { qrText } from './qr.ts'
import { type RunningDeps, type RunningFlags, runningCommand } from './running.ts'
import { openScreen, type Screen } from './screen.ts'

type LinkFlags = RunningFlags & { readonly code?: string }

/** A link as the API shows it. */
type ShownLink = {
  readonly state: 'waiting' | 'scanned' | 'done' | 'expired' | 'failed'
  readonly qr?: string
  readonly code?: string
  readonly expires_at: string
  readonly reason?: string
}

const LOOK_MS = 300
const FAILED = 1

/** `postern account link`: shows the QR, or a code, and each that replaces it, until the phone has signed or time is up. */
export function linkCommand(deps: RunningDeps): Command {
  return runningCommand(
    'link',
    'link an account to a phone: shows the QR in the terminal and follows it to the end; with --json a line for each change',
    'account link main --code +12025550100',
  )
    .argument('<name>', 'the account')
    .option('--code <number>', 'a code to type on the phone of this number, instead of a QR')
    .action(async (name: string, flags: LinkFlags) => {
      const config = deps.configure(flags)
      const path = accountPath(name, 'link')
      const body = flags.code === undefined ? { method: 'qr' } : { method: 'code', phone: flags.code }
      const first = await tellControl<ShownLink>(config, { path, body })
      const screen = openScreen()
      const last = await follow(config, path, {
        first,
        tell: link => tell(link, flags, screen),
        look: link => flags.json || screen.status(countdown(link)),
      }).finally(screen.end)
      process.exitCode = last.state === 'done' ? 0 : FAILED
    })
}

type Following = {
  readonly first: ShownLink
  /** Called with each change. */
  readonly tell: (link: ShownLink) => void
  /** Called at each look, until it is over. */
  readonly look: (link: ShownLink) => void
}

async function follow(config: Config, path: string, { first, tell, look }: Following): Promise<ShownLink> {
  let told = ''
  for (let link = first; ; link = await tellControl<ShownLink>(config, { path })) {
    const now = `${link.state} ${link.qr ?? link.code ?? ''}`
    if (now !== told) tell(link)
    told = now
    if (link.state !== 'waiting' && link.state !== 'scanned') return link
    look(link)
    await sleep(LOOK_MS)
  }
}

function tell(link: ShownLink, { json }: RunningFlags, screen: Screen): void {
  if (json) console.log(JSON.stringify(link))
  else if (link.state === 'waiting') screen.show(invitation(link, screen))
  else {
    screen.end()
    console.error(`postern: ${OUTCOMES[link.state]}${link.reason === undefined ? '' : `: ${link.reason}`}`)
  }
}

const WHERE = 'On the phone: WhatsApp, Settings, Linked devices, Link a device'

function countdown({ state, expires_at }: ShownLink): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(expires_at) - Date.now()) / 1_000))
  return state === 'waiting' ? `waiting for the phone, ${seconds} s left` : 'connecting'
}

function invitation({ qr, code, expires_at }: ShownLink, { isTerminal }: Screen): string {
  if (code !== undefined) return `${WHERE}, Link with phone number: type ${code} before ${expires_at}`
  return `${qr === undefined ? '' : qrText(qr, { colours: isTerminal })}\n${WHERE}: scan this before ${expires_at}`
}

const OUTCOMES = {
  scanned: 'the phone has signed; connecting',
  done: 'linked',
  expired: 'not linked',
  failed: 'not linked',
} as const
