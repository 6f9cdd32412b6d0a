import { Command, InvalidArgumentError, Option } from 'commander'
import { tellControl } from './control.ts'
import { deliveriesText, deliveryText, type ShownDelivery } from './delivery-text.ts'
import { print, type RunningDeps, type RunningFlags, runningCommand } from './running.ts'

type ListFlags = RunningFlags & {
  readonly endpoint?: string
  readonly status?: string
  readonly limit: string
}
type RangeFlags = RunningFlags & {
  readonly endpoint?: string
  readonly status?: string
  readonly from?: string
  readonly to?: string
}
type Replayed = { readonly replayed: number }

const USAGE = 2
const ID = 'dlv_01jexampleexampleexample'

/** `postern delivery`: what is owed to webhook endpoints, and the dead letters. */
export function deliveryCommand(deps: RunningDeps): Command {
  return new Command('delivery')
    .description('deliveries to webhook endpoints: what waits, what died, posting it again')
    .addCommand(listCommand(deps))
    .addCommand(
      runningCommand('show', 'one delivery with its attempts and the last answer', `delivery show ${ID}`)
        .argument('<id>', 'the delivery')
        .action(async (id: string, flags: RunningFlags) => {
          const path = `/v1/deliveries/${encodeURIComponent(id)}`
          print(await tellControl<ShownDelivery>(deps.configure(flags), { path }), flags, deliveryText)
        }),
    )
    .addCommand(replayCommand(deps))
}

function listCommand(deps: RunningDeps): Command {
  return runningCommand('list', 'deliveries, the newest first', 'delivery list --status dead')
    .option('--endpoint <name>', 'of this endpoint alone')
    .addOption(new Option('--status <status>').choices(['pending', 'delivered', 'dead']))
    .option('--limit <number>', 'at most 200', '50')
    .action(async ({ endpoint, status, limit, ...flags }: ListFlags) => {
      const query = new URLSearchParams({
        limit,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(status === undefined ? {} : { status }),
      })
      const path = `/v1/deliveries?${query}`
      const page = await tellControl<{ readonly data: readonly ShownDelivery[] }>(deps.configure(flags), {
        path,
      })
      print(page, flags, ({ data }) => deliveriesText(data))
    })
}

function replayCommand(deps: RunningDeps): Command {
  return runningCommand(
    'replay',
    'post again: one delivery by its id, or all of an endpoint that match',
    'delivery replay --endpoint billing-status --from 2026-11-23T00:00:00Z',
  )
    .argument('[id]', 'the delivery; without it, --endpoint says which')
    .option('--endpoint <name>', 'every delivery of this endpoint that matches')
    .addOption(
      new Option('--status <status>', 'which of them (default: dead)').choices(['dead', 'delivered']),
    )
    .option('--from <instant>', 'created at or after', instant)
    .option('--to <instant>', 'created at or before', instant)
    .action(async (id: string | undefined, { data, json, ...range }: RangeFlags) => {
      const flags = { ...(data === undefined ? {} : { data }), ...(json === undefined ? {} : { json }) }
      if ((id === undefined) === (range.endpoint === undefined)) {
        console.error('postern: name one delivery by its id, or an endpoint with --endpoint')
        process.exitCode = USAGE
        return
      }
      if (id === undefined) {
        const question = { path: '/v1/deliveries/replay', body: range }
        const done = await tellControl<Replayed>(deps.configure(flags), question)
        print(done, flags, ({ replayed }) => `${replayed} posted again`)
        return
      }
      const path = `/v1/deliveries/${encodeURIComponent(id)}/replay`
      const again = await tellControl<ShownDelivery>(deps.configure(flags), { method: 'POST', path })
      print(again, flags, () => `${id} is pending again`)
    })
}

/** An instant as the API wants it, from anything with a zone that the runtime reads. */
function instant(text: string): string {
  const at = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw new InvalidArgumentError('expected an instant such as 2026-11-23T10:00:00Z')
  return new Date(at).toISOString()
}
