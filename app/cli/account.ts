import { Command } from 'commander'
import { linkCommand } from './account-link.ts'
import { accountPath, accountText, type ShownAccount } from './account-text.ts'
import { tellControl } from './control.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'
import { table } from './table.ts'

type Page = { readonly data: readonly ShownAccount[] }

const OPERATIONS = {
  logout: 'remove the device from WhatsApp and forget its keys',
  restart: 'make a new connection',
  pause: 'end the connection until it is resumed; messages wait',
  resume: 'connect a paused account again',
} as const

/** `postern account`: the WhatsApp numbers of the running appliance. */
export function accountCommand(deps: RunningDeps): Command {
  const account = new Command('account')
    .description('the WhatsApp numbers: their state, linking, pausing')
    .addCommand(
      runningCommand('list', 'every account and its state', 'account list').action(
        async (flags: RunningFlags) => {
          const page = await tellControl<Page>(deps.configure(flags), { path: '/v1/accounts' })
          print(page, flags, listText)
        },
      ),
    )
    .addCommand(
      one('show', 'everything about one account').action(async (name: string, flags: RunningFlags) => {
        const shown = await tellControl<ShownAccount>(deps.configure(flags), { path: accountPath(name) })
        print(shown, flags, accountText)
      }),
    )
    .addCommand(linkCommand(deps))
  for (const [verb, description] of Object.entries(OPERATIONS)) {
    account.addCommand(
      one(verb, description).action(async (name: string, flags: RunningFlags) => {
        const question = { method: 'POST', path: accountPath(name, verb) } as const
        const shown = await tellControl<ShownAccount>(deps.configure(flags), question)
        print(shown, flags, accountText)
      }),
    )
  }
  return account
}

function one(verb: string, description: string): Command {
  return runningCommand(verb, description, `account ${verb} main`).argument('<name>', 'the account')
}

function listText({ data }: Page): string {
  const rows = data.map(({ name, phone, state, reason }) => [name, phone ?? '-', state, reason ?? ''])
  return table(['NAME', 'PHONE', 'STATE', 'WHY'], rows)
}
