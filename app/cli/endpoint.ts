import { Command } from 'commander'
import { tellControl } from './control.ts'
import { endpointsText, type ShownEndpoint, type ShownTryOut, tryOutText } from './endpoint-text.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

/** `postern endpoint`: the webhooks of the running appliance. */
export function endpointCommand(deps: RunningDeps): Command {
  return new Command('endpoint')
    .description('webhook endpoints: how they are, whether they answer, enabling one again')
    .addCommand(
      runningCommand(
        'list',
        'every endpoint with its health and what it is owed',
        'endpoint list --json',
      ).action(async (flags: RunningFlags) => {
        const page = await tellControl<{ readonly data: readonly ShownEndpoint[] }>(deps.configure(flags), {
          path: '/v1/endpoints',
        })
        print(page, flags, ({ data }) => endpointsText(data))
      }),
    )
    .addCommand(
      named(
        'test',
        'post an event that never happened and show the answer; exit 1 when it is not taken',
      ).action(async (name: string, flags: RunningFlags) => {
        const tried = await tellControl<ShownTryOut>(deps.configure(flags), {
          method: 'POST',
          path: pathOf(name, 'test'),
        })
        print(tried, flags, tryOutText)
        if (!tried.taken) process.exitCode = 1
      }),
    )
    .addCommand(
      named('enable', 'enable one that was disabled, or close its breaker, and post all it is owed').action(
        async (name: string, flags: RunningFlags) => {
          const enabled = await tellControl<object>(deps.configure(flags), {
            method: 'POST',
            path: pathOf(name, 'enable'),
          })
          print(enabled, flags, () => `${name} is enabled; what it is owed leaves now`)
        },
      ),
    )
}

function named(verb: string, description: string): Command {
  return runningCommand(verb, description, `endpoint ${verb} billing-status`).argument(
    '<name>',
    'the endpoint, as the policy names it',
  )
}

function pathOf(name: string, verb: string): string {
  return `/v1/endpoints/${encodeURIComponent(name)}/${verb}`
}
