import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config/config.ts'
import { tellControl } from './control.ts'
import { type ShownMessage, stepText } from './message-text.ts'
import { type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

type SendFlags = RunningFlags & { readonly wait: number }

const DEFAULT_WAIT_S = 60
const LOOK_MS = 200
const FAILED = 1

/** Nothing better follows, or only when the recipient looks. */
const ARRIVED: ReadonlySet<string> = new Set(['delivered', 'read', 'played'])
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

async function follow(config: Config, path: string, { wait, json }: SendFlags): Promise<ShownMessage> {
  const endMs = Date.now() + wait * 1_000
  for (let told = 0; ; await sleep(LOOK_MS)) {
    const message = await tellControl<ShownMessage>(config, { path })
    if (!json) for (const step of message.timeline.slice(told)) console.log(stepText(step))
    told = message.timeline.length
    const over = ARRIVED.has(message.status) || STOPPED.has(message.status)
    if (over || Date.now() > endMs) return message
  }
}

/** The exit code, with a sentence where it is not what was hoped for. */
function verdict({ status, id }: ShownMessage, { wait }: SendFlags): number {
  if (ARRIVED.has(status)) return 0
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
