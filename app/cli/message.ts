import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { PosternError } from '../lib/error.ts'
import { MESSAGE_STATUSES, type MessageStatus } from '../model/message.ts'
import { askControl, tellControl } from './control.ts'
import { messagesText, messageText, reviewedText, type ShownMessage } from './message-text.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

type ListFlags = RunningFlags & {
  readonly account?: string
  readonly status?: MessageStatus
  readonly limit: number
}
type OneFlags = RunningFlags & { readonly account?: string }
type ReviewFlags = OneFlags & { readonly reason?: string }
type Page<T> = { readonly data: readonly T[] }

/** What still waits, in the order of its urgency to people. */
const WAITING: readonly MessageStatus[] = ['held', 'sending', 'queued']
const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200

/** `postern message`: the outbox of the running appliance. */
export function messageCommand(deps: RunningDeps): Command {
  return new Command('message')
    .description('the outbox: what waits, what became of a message, approving, rejecting and taking back')
    .addCommand(listCommand(deps))
    .addCommand(
      one('show', 'everything about one message but its content').action(
        async (id: string, flags: OneFlags) => {
          const { message } = await find(deps.configure(flags), id, flags)
          print(message, flags, messageText)
        },
      ),
    )
    .addCommand(reviewCommand('approve', 'let a held message go on', deps))
    .addCommand(reviewCommand('reject', 'end a held message; its sender is told the reason', deps))
    .addCommand(
      one('cancel', 'take back a message that is still queued or held').action(
        async (id: string, flags: OneFlags) => {
          const config = deps.configure(flags)
          const { path } = await find(config, id, flags)
          const message = await tellControl<ShownMessage>(config, { method: 'DELETE', path })
          print(message, flags, ({ id: cancelled }) => `${cancelled} is cancelled`)
        },
      ),
    )
}

function reviewCommand(verb: 'approve' | 'reject', description: string, deps: RunningDeps): Command {
  const command = one(verb, description)
  if (verb === 'approve') command.option('--reason <text>', 'for its timeline')
  else command.requiredOption('--reason <text>', 'for its sender and its timeline')
  return command.action(async (id: string, flags: ReviewFlags) => {
    const config = deps.configure(flags)
    const { path } = await find(config, id, flags)
    const { reason } = flags
    const message = await tellControl<ShownMessage>(config, {
      method: 'POST',
      path: `${path}/${verb}`,
      body: reason === undefined ? {} : { reason },
    })
    print(message, flags, reviewedText)
    if (verb === 'approve' && message.status === 'failed') process.exitCode = 1
  })
}

function listCommand(deps: RunningDeps): Command {
  return runningCommand('list', 'what waits to be sent, held messages first', 'message list --status failed')
    .option('--account <name>', 'of this account alone')
    .option('--status <status>', `instead of what waits: ${MESSAGE_STATUSES.join(', ')}`, statusWord)
    .option(
      '--limit <number>',
      `of each account and status, at most ${MAX_LIMIT}`,
      wholeNumber,
      DEFAULT_LIMIT,
    )
    .action(async (flags: ListFlags) => {
      const config = deps.configure(flags)
      const accounts = await accountsOf(config, flags.account)
      const data: ShownMessage[] = []
      for (const status of flags.status === undefined ? WAITING : [flags.status]) {
        for (const account of accounts) data.push(...(await listOf(config, account, { ...flags, status })))
      }
      print({ data }, flags, () => messagesText(data))
    })
}

async function listOf(
  config: Config,
  account: string,
  { status, limit }: { status: MessageStatus; limit: number },
): Promise<readonly ShownMessage[]> {
  const query = new URLSearchParams({ status, limit: String(limit), direction: directionOf(status) })
  const path = `/v1/accounts/${encodeURIComponent(account)}/messages?${query}`
  return (await tellControl<Page<ShownMessage>>(config, { path })).data
}

function directionOf(status: MessageStatus): 'in' | 'out' {
  return status === 'received' ? 'in' : 'out'
}

/** An id says nothing of its account, so each is asked when none is named. */
async function find(
  config: Config,
  id: string,
  { account }: OneFlags,
): Promise<{ readonly message: ShownMessage; readonly path: string }> {
  for (const name of await accountsOf(config, account)) {
    const path = `/v1/accounts/${encodeURIComponent(name)}/messages/${encodeURIComponent(id)}`
    const { status, body } = await askControl(config, { path })
    if (status === 200) return { message: body as ShownMessage, path }
  }
  throw new PosternError('control.refused', `there is no message ${id}`)
}

async function accountsOf(config: Config, account: string | undefined): Promise<readonly string[]> {
  if (account !== undefined) return [account]
  const { data } = await tellControl<Page<{ readonly name: string }>>(config, { path: '/v1/accounts' })
  return data.map(({ name }) => name)
}

function one(verb: string, description: string): Command {
  const reason = verb === 'reject' ? ' --reason "not to this customer"' : ''
  return runningCommand(verb, description, `message ${verb} obx_01jexampleexampleexample${reason}`)
    .argument('<id>', "our id of the message, or WhatsApp's")
    .option('--account <name>', 'look in this account alone')
}

function statusWord(text: string): MessageStatus {
  const status = MESSAGE_STATUSES.find(known => known === text)
  if (status === undefined) throw new InvalidArgumentError(`expected one of ${MESSAGE_STATUSES.join(', ')}`)
  return status
}

function wholeNumber(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > MAX_LIMIT)
    throw new InvalidArgumentError(`expected a number from 1 to ${MAX_LIMIT}`)
  return number
}
