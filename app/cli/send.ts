import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { tellControl } from './control.ts'
import { type ShownMessage, type ShownStep, stepText } from './message-text.ts'
import { type RunningDeps, type RunningFlags, runningCommand } from './running.ts'
import { openScreen } from './screen.ts'

type SendFlags = RunningFlags & { readonly wait: number; readonly until: Goal }

const DEFAULT_WAIT_S = 60
const LOOK_MS = 200
const FAILED = 1

/** `read` comes only when the recipient looks, and from phones that tell it. */
const GOALS = ['delivered', 'read'] as const
type Goal = (typeof GOALS)[number]
const REACHED: Readonly<Record<Goal, ReadonlySet<string>>> = {
  delivered: new Set(['delivered', 'read', 'played']),
  read: new Set(['read', 'played']),
}
/** It will not leave, or not without a person. */
const STOPPED: ReadonlySet<string> = new Set(['held', 'failed', 'expired', 'cancelled'])

/** `postern send`: one text, followed until a phone has it. Exit 0 once WhatsApp's server has taken it. */
export function sendCommand(deps: RunningDeps): Command {
  return runningCommand(
    'send',
    'send one text, wait for the receipt and print the timeline',
    `send main +15550100001 'The pump is back' --wait 30`,
  )
    .argument('<account>', 'the account to send from')
    .argument('<to>', 'a number in international form, or the id of a group')
    .argument('<text>', 'what to send')
    .option('--wait <seconds>', 'how long to wait for the receipt', seconds, DEFAULT_WAIT_S)
    .addOption(
      new Option('--until <receipt>', 'which receipt to wait for').choices(GOALS).default('delivered'),
    )
    .action(async (account: string, to: string, body: string, flags: SendFlags) => {
      const config = deps.configure(flags)
      const path = `/v1/accounts/${encodeURIComponent(account)}/messages`
      const accepted = await tellControl<ShownMessage>(config, {
        path,
        body: { to, type: 'text', text: { body } },
      })
      const message = await follow(config, `${path}/${accepted.id}`, flags)
      if (flags.json) console.log(JSON.stringify(message))
      process.exitCode = verdict(message, flags)
    })
}

async function follow(config: Config, path: string, flags: SendFlags): Promise<ShownMessage> {
  const { wait, until, json } = flags
  const screen = openScreen()
  const endMs = Date.now() + wait * 1_000
  for (let told = 0; ; await sleep(LOOK_MS)) {
    const message = await tellControl<ShownMessage>(config, { path })
    const fresh = message.timeline.slice(told)
    if (fresh.length > 0) screen.end()
    if (!json) for (const step of fresh) console.log(`${stepText(step)}${sinceText(message, step)}`)
    told = message.timeline.length
    const over = REACHED[until].has(message.status) || STOPPED.has(message.status)
    if (over || Date.now() > endMs) {
      screen.end()
      return message
    }
    if (!json)
      screen.status(`waiting until it is ${until}, ${Math.ceil((endMs - Date.now()) / 1_000)} s left`)
  }
}

/** How long after it was accepted. */
function sinceText({ timeline: [first] }: ShownMessage, { at }: ShownStep): string {
  const ms = first === undefined ? 0 : Date.parse(at) - Date.parse(first.at)
  return ms === 0 ? '' : `  +${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 0)} s`
}

/** The exit code, with a sentence where it is not what was hoped for. */
function verdict({ status, id }: ShownMessage, { wait, until }: SendFlags): number {
  if (REACHED[until].has(status)) return 0
  if (REACHED.delivered.has(status)) {
    console.error(`postern: a phone has it; nobody has read it within ${wait} s`)
    return 0
  }
  if (status === 'sent') {
    console.error(`postern: WhatsApp has it; no phone has reported it within ${wait} s`)
    return 0
  }
  if (STOPPED.has(status)) console.error(`postern: the message is ${status}`)
  else console.error(`postern: not sent within ${wait} s; it goes on: ./postern message show ${id}`)
  return FAILED
}

function seconds(text: string): number {
  if (!/^\d{1,5}$/.test(text))
    throw new InvalidArgumentError(`expected a whole number of seconds, got ${text}`)
  return Number(text)
}
