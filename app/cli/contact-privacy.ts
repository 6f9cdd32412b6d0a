import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { contactText, type ShownContact } from './contact-text.ts'
import { tellControl } from './control.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

type EraseFlags = RunningFlags & { readonly yes?: boolean }
type ExportPage = { readonly data: readonly object[]; readonly next: string | null }
type Erasure = {
  readonly phone: string
  readonly erased: Readonly<Record<string, number>>
  readonly unreadable: number
  readonly opted_out_at: string | null
}

const NUMBER = 'in international form, with or without +'
const USAGE = 2

/** `postern contact show`, `export` and `erase`: what a person may ask of whoever keeps data about them. */
export function privacyCommands(deps: RunningDeps): readonly Command[] {
  return [showCommand(deps), exportCommand(deps), eraseCommand(deps)]
}

function showCommand(deps: RunningDeps): Command {
  return runningCommand(
    'show',
    'what a contact has agreed to, and whether it has opted out',
    'contact show +12025550111',
  )
    .argument('<number>', NUMBER)
    .action(async (number: string, flags: RunningFlags) => {
      const contact = await tellControl<ShownContact>(deps.configure(flags), {
        path: `${pathOf(number)}/consent`,
      })
      print(contact, flags, contactText)
    })
}

function exportCommand(deps: RunningDeps): Command {
  const description =
    'everything that is stored about a contact, one JSON object a line: what it has said about being written to, messages, events, decisions, and which files there are'
  return runningCommand('export', description, 'contact export +12025550111 > contact.jsonl')
    .argument('<number>', NUMBER)
    .action(async (number: string, flags: RunningFlags) => {
      const count = await printAll(deps.configure(flags), `${pathOf(number)}/export`)
      console.error(`postern: ${count} ${count === 1 ? 'line' : 'lines'}`)
    })
}

async function printAll(config: Config, path: string): Promise<number> {
  let count = 0
  let after: string | null = ''
  while (after !== null) {
    const query: string = after === '' ? '' : `?${new URLSearchParams({ after })}`
    const page: ExportPage = await tellControl<ExportPage>(config, {
      method: 'POST',
      path: `${path}${query}`,
    })
    for (const line of page.data) console.log(JSON.stringify(line))
    count += page.data.length
    after = page.next
  }
  return count
}

function eraseCommand(deps: RunningDeps): Command {
  const description =
    'erase what is stored about a contact, for good: words, files and names; that there were messages stays, and so does an opt-out'
  return runningCommand('erase', description, 'contact erase +12025550111 --yes')
    .argument('<number>', NUMBER)
    .option('--yes', 'it is meant')
    .action(async (number: string, flags: EraseFlags) => {
      if (flags.yes !== true) {
        console.error('postern: nothing was erased, and what is erased does not come back: say --yes')
        process.exitCode = USAGE
        return
      }
      const config = deps.configure(flags)
      const done = await tellControl<Erasure>(config, { method: 'DELETE', path: pathOf(number) })
      print(done, flags, erasureText)
    })
}

function pathOf(number: string): string {
  return `/v1/contacts/${encodeURIComponent(number)}`
}

function erasureText({ phone, erased, unreadable, opted_out_at }: Erasure): string {
  const counts = Object.entries(erased).map(([what, count]) => `${count} ${NAMES[what] ?? what}`)
  const optOut = opted_out_at === null ? '' : '\nits opt-out stays: it gets no messages'
  const damaged =
    unreadable === 0 ? '' : `\n${unreadable} damaged rows stay: nobody can read them, or tell whose they are`
  return `${phone}: erased ${counts.join(', ')}${optOut}${damaged}\nBackups that were made before still have it.`
}

const NAMES: Readonly<Record<string, string>> = { media: 'files', journal: 'entries of the journal' }
