import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { UserFacingSocketConfig, WASocket } from '@whiskeysockets/baileys'
import { silenceLibsignal } from '../phones/signal/silence.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator.ts'
import type { Violation, ViolationKind } from '../store/mail/tallies.ts'
import { type Account, closed, connect, enrolledAccount, newAccount, opened, qrOf } from './plain-client.ts'

silenceLibsignal()

export const MAIN = '12025550100'
export const CONTACT = '12025550101'

/** A history that is not full: its beginning, names, LIDs and what is recent. */
const GREETING_PARTS = 4

type Entry = {
  readonly id: string
  readonly from: string
  readonly chat: string
  readonly type: string
  readonly text?: { body: string }
  readonly media_sha256?: string
}
export type Stats = {
  readonly connections: number
  readonly accounts: number
  readonly messages_in: number
  readonly messages_out: number
  readonly repeats: number
  readonly retries: number
  readonly unknown_recipients: number
  readonly stale_device_lists: number
  readonly stale_sender_keys: number
  readonly violations: number
  readonly last_violations: readonly Violation[]
  readonly unanswered: readonly string[]
  readonly per_account: Readonly<Record<string, { readonly waiting: number }>>
}

type Sent = Omit<Entry, 'from' | 'chat'> & {
  readonly to: string
  readonly device: number
  readonly status: string
}

/** An account's credentials and its open connection. */
export type Linked = { readonly account: Account; readonly sock: WASocket }

/**
 * A simulator for one test, with the admin calls that tests make. Everything ends with the test, which has failed if a client
 * did what WhatsApp would refuse.
 */
export class Rig {
  simulator: Simulator
  readonly #options: SimulatorOptions
  readonly #sockets: WASocket[] = []
  readonly #provoked = new Set<ViolationKind>()

  private constructor(simulator: Simulator, options: SimulatorOptions) {
    this.simulator = simulator
    this.#options = options
  }

  static async start(t: TestContext, options: SimulatorOptions = {}): Promise<Rig> {
    const rig = new Rig(await startSimulator(options), options)
    t.after(async () => {
      for (const sock of rig.#sockets) await sock.end(undefined)
      const violations = await rig.#unprovoked().finally(() => rig.simulator.stop())
      assert.deepEqual(violations, [], 'what the test did not say that it provokes')
    })
    return rig
  }

  /** Any violation of another kind fails the test at its end. */
  provokes(...kinds: readonly ViolationKind[]): void {
    for (const kind of kinds) this.#provoked.add(kind)
  }

  async #unprovoked(): Promise<readonly Violation[]> {
    return (await this.stats()).last_violations.filter(({ kind }) => !this.#provoked.has(kind))
  }

  /** Stops the simulator and starts it again on the same port with the same state. */
  async restart(): Promise<void> {
    const port = Number(new URL(this.simulator.url).port)
    await this.simulator.stop()
    this.simulator = await startSimulator({ ...this.#options, port })
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.simulator.admin}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const json = (await answer.json()) as T & { error?: string }
    if (!answer.ok) throw new Error(`${answer.status} ${json.error}`)
    return json
  }

  connect(account: Account, config: Partial<UserFacingSocketConfig> = {}): WASocket {
    const sock = connect(this.simulator.url, account, config)
    this.#sockets.push(sock)
    return sock
  }

  /** A new account, linked by QR and not connected yet; the phone is made if there is none. */
  async paired(number: string, config: Partial<UserFacingSocketConfig> = {}): Promise<Account> {
    await this.ask('POST', '/phones', { number })
    const account = newAccount()
    const pairing = this.connect(account, config)
    const end = closed(pairing)
    await this.ask('POST', `/phones/${number}/scan`, { qr: await qrOf(pairing) })
    await end
    return account
  }

  /** A new account, linked by its keys alone and open; the phone is made if there is none. */
  async linked(number: string, config: Partial<UserFacingSocketConfig> = {}): Promise<Linked> {
    await this.ask('POST', '/phones', { number })
    const account = await enrolledAccount(keys => this.ask('POST', `/phones/${number}/enrol`, keys))
    return { account, sock: await opened(this.connect(account, config)) }
  }

  /** Waits until an account has taken all that its phone tells a new companion, in so many parts. */
  async greeted({ creds }: Account, parts: number = GREETING_PARTS): Promise<void> {
    const number = String(creds.me?.id.split(':')[0])
    await this.eventually(() => creds.processedHistoryMessages.length, parts)
    await this.eventually(() => creds.accountSyncCounter, 1)
    await this.eventually(async () => (await this.stats()).per_account[`+${number}`]?.waiting, 0)
  }

  async inbox(number: string): Promise<readonly Entry[]> {
    return (await this.ask<{ data: readonly Entry[] }>('GET', `/phones/${number}/inbox`)).data
  }

  /** The inbox once it has `count` entries; whatever it has after ten seconds. */
  async inboxOf(number: string, count: number): Promise<readonly Entry[]> {
    return until(
      () => this.inbox(number),
      entries => entries.length >= count,
    )
  }

  async send(from: string, to: string, body: string): Promise<string> {
    return (
      await this.ask<{ id: string }>('POST', `/phones/${from}/send`, { to, type: 'text', text: { body } })
    ).id
  }

  async sent(number: string): Promise<readonly Sent[]> {
    return (await this.ask<{ data: readonly Sent[] }>('GET', `/phones/${number}/sent`)).data
  }

  /** Asserts that an answer becomes `wanted` within ten seconds. */
  async eventually<T>(ask: () => Promise<T> | T, wanted: T): Promise<void> {
    assert.deepEqual(await until(ask, answer => isDeepStrictEqual(answer, wanted)), wanted)
  }

  async stats(): Promise<Stats> {
    return this.ask('GET', '/stats')
  }

  /** The kinds of all violations so far. */
  async violations(): Promise<readonly string[]> {
    return (await this.stats()).last_violations.map(({ kind }) => kind)
  }
}

/** Asks again and again until the answer is good, for ten seconds; gives the last answer. */
export async function until<T>(ask: () => Promise<T> | T, good: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000
  let answer = await ask()
  while (!good(answer) && Date.now() < deadline) {
    await sleep(20)
    answer = await ask()
  }
  return answer
}

/** A folder that is gone after the test. */
export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'postern-simulator-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export function jid(number: string): string {
  return `${number}@s.whatsapp.net`
}
