import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Account, AccountState } from '../../model/account.ts'
import type { Meter } from '../../model/meter.ts'
import type { PolicyInForce } from '../../policy/snapshot.ts'
import type { Activation } from '../../reload/activation.ts'
import type { Store } from '../../store/store.ts'

export type MeasuresDeps = {
  readonly policy: () => PolicyInForce
  readonly store: Pick<Store, 'tallies'>
  readonly accounts: () => readonly Account[]
  readonly sandbox: boolean
  /** An older policy runs, because the folder had errors at the start. */
  readonly degraded: () => boolean
}

/** What is measured, in Prometheus' text form. Labels are declared names and fixed words: never a number, nor anything a caller chose. */
export type Measures = {
  readonly meter: Meter
  /** Counts an attempt to put a policy in force by what became of it. */
  reloaded(outcome: Activation): void
  readonly contentType: string
  exposition(): Promise<string>
}

const RESIDENT = 'process_resident_memory_bytes'
const STATES: readonly AccountState[] = [
  'unlinked',
  'pairing',
  'connecting',
  'open',
  'closed',
  'logged_out',
  'paused',
]

/** Counters begin at zero with the process; everything else is read when it is asked for. */
export function createMeasures(deps: MeasuresDeps): Measures {
  const registry = new Registry()
  measureProcess(registry)
  measureAccounts(registry, deps)
  measureQueues(registry, deps)
  measureInstallation(registry, deps)
  const reloads = measureReloads(registry)
  return {
    meter: createMeter(registry),
    reloaded: outcome => reloads.inc({ result: resultOf(outcome) }),
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
  }
}

/** The permission model keeps `/proc` closed, where prom-client looks for the size of the process. */
function measureProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  registry.removeSingleMetric(RESIDENT)
  new Gauge({
    name: RESIDENT,
    help: 'Resident memory size in bytes.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
}

function createMeter(registry: Registry): Meter {
  const registers = [registry]
  const messages = new Counter({
    name: 'postern_messages_total',
    help: 'Messages that WhatsApp has acknowledged (out) or delivered for the first time (in).',
    labelNames: ['account', 'direction'],
    registers,
  })
  const reconnects = new Counter({
    name: 'postern_reconnects_total',
    help: 'New connections, by the code with which the last one ended.',
    labelNames: ['account', 'code'],
    registers,
  })
  const deaf = new Counter({
    name: 'postern_deaf_sessions_total',
    help: 'Connections that answered and delivered nothing.',
    labelNames: ['account'],
    registers,
  })
  const links = new Counter({
    name: 'postern_links_total',
    help: 'Files that were to be fetched from a link: taken, refused because of their address, or failed otherwise.',
    labelNames: ['account', 'outcome'],
    registers,
  })
  return {
    messages: (account, direction, count) => messages.inc({ account, direction }, count),
    reconnected: (account, code) => reconnects.inc({ account, code }),
    deaf: account => deaf.inc({ account }),
    linked: (account, outcome) => links.inc({ account, outcome }),
  }
}

function measureAccounts(registry: Registry, { accounts }: MeasuresDeps): void {
  new Gauge({
    name: 'postern_account_state',
    help: 'One for the state that the account is in.',
    labelNames: ['account', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, state } of accounts())
        for (const each of STATES) this.set({ account: name, state: each }, Number(each === state))
    },
  })
  const perAccount = (name: string, help: string, figureOf: (account: Account) => number | undefined) =>
    new Gauge({
      name: `postern_account_${name}`,
      help,
      labelNames: ['account'],
      registers: [registry],
      collect() {
        this.reset()
        for (const account of accounts()) {
          const value = figureOf(account)
          if (value !== undefined) this.set({ account: account.name }, value)
        }
      },
    })
  perAccount('connected', 'The session is open.', ({ health }) => Number(health.connected))
  perAccount('receiving', 'Nothing speaks against messages arriving.', ({ health }) =>
    Number(health.receiving),
  )
  perAccount('sending', 'Messages are acknowledged.', ({ health }) => Number(health.sending))
  perAccount(
    'last_stanza_timestamp_seconds',
    'When anything last came from WhatsApp.',
    ({ lastStanzaAt }) => lastStanzaAt && lastStanzaAt.getTime() / 1_000,
  )
  perAccount(
    'clock_ahead_seconds',
    "How far WhatsApp's clock is ahead of ours.",
    ({ clockAheadMs }) => clockAheadMs && clockAheadMs / 1_000,
  )
}

function measureQueues(registry: Registry, { store }: MeasuresDeps): void {
  new Gauge({
    name: 'postern_outbox_entries',
    help: 'Outbox entries by status.',
    labelNames: ['account', 'status'],
    registers: [registry],
    async collect() {
      const tallies = await store.tallies.outbox()
      this.reset()
      for (const { account, status, count } of tallies) this.set({ account, status }, count)
    },
  })
  new Gauge({
    name: 'postern_deliveries',
    help: 'Deliveries to endpoints by status.',
    labelNames: ['status'],
    registers: [registry],
    async collect() {
      const tallies = await store.tallies.deliveries()
      this.reset()
      for (const { status, count } of tallies) this.set({ status }, count)
    },
  })
}

function measureInstallation(registry: Registry, { policy, sandbox, degraded }: MeasuresDeps): void {
  new Gauge({
    name: 'postern_policy_info',
    help: 'The policy in force.',
    labelNames: ['revision', 'digest'],
    registers: [registry],
    collect() {
      const { revision, snapshot } = policy()
      this.reset()
      this.set({ revision, digest: snapshot.digest }, 1)
    },
  })
  new Gauge({
    name: 'postern_policy_degraded',
    help: 'One while the last known good policy runs, because the policy files had errors at the start.',
    registers: [registry],
    collect() {
      this.set(Number(degraded()))
    },
  })
  const mark = new Gauge({
    name: 'postern_sandbox',
    help: 'One where WhatsApp is simulated.',
    registers: [registry],
  })
  mark.set(Number(sandbox))
}

function measureReloads(registry: Registry): Counter<'result'> {
  const reloads = new Counter({
    name: 'postern_policy_reload_total',
    help: 'Attempts to put a policy in force since the start, by what became of them.',
    labelNames: ['result'],
    registers: [registry],
  })
  for (const result of ['applied', 'unchanged', 'refused', 'reverted']) reloads.inc({ result }, 0)
  return reloads
}

function resultOf(outcome: Activation): string {
  return outcome.kind === 'refused' && outcome.at === 'probation' ? 'reverted' : outcome.kind
}
