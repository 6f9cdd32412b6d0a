import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { newId } from '../../app/lib/ids.ts'
import { silentLog } from '../../app/lib/log.ts'
import { Secret } from '../../app/lib/secret.ts'
import type { AuditDraft } from '../../app/model/audit.ts'
import type { NewDelivery, NewEvent } from '../../app/model/event.ts'
import type { Message } from '../../app/model/message.ts'
import type { Effects } from '../../app/store/effects.ts'
import { openStore } from '../../app/store/open.ts'
import type { Store } from '../../app/store/store.ts'

export const KEY = new Secret(Buffer.alloc(32, 7))
export const START = new Date('2026-03-01T10:00:00.000Z')
export const NO_EFFECTS: Effects = {}

/** An instant so many milliseconds after START. */
export const after = (ms: number) => new Date(START.getTime() + ms)

/** A folder that goes when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function open(dataDir: string, options: { key?: Secret; now?: () => Date } = {}): Promise<Store> {
  return openStore({ dataDir, key: options.key ?? KEY, now: options.now ?? (() => START), log: silentLog })
}

/** A store in a folder of its own, closed when the test ends. */
export async function freshStore(t: TestContext, now?: () => Date): Promise<Store> {
  const folder = temporaryFolder(t)
  const store = await open(folder, now === undefined ? {} : { now })
  t.after(() => store.close())
  return store
}

/** WhatsApp's id for a message of ours, unlike any other. */
export const waId = () => `3EB0${randomBytes(8).toString('hex').toUpperCase()}`

export function outgoing(over: Partial<Message> = {}): Message {
  const status = over.status ?? 'queued'
  return {
    id: newId('obx', START),
    account: 'main',
    direction: 'out',
    chat: '+12025550100',
    messageId: waId(),
    status,
    content: { type: 'text', text: { body: 'good morning' } },
    principal: 'demo',
    decisionId: newId('dec', START),
    createdAt: START,
    attemptCount: 0,
    timeline: [{ status, at: START }],
    ...over,
  }
}

export function incoming(over: Partial<Message> = {}): Message {
  return {
    id: newId('msg', START),
    account: 'main',
    direction: 'in',
    chat: '+12025550100',
    from: '+12025550100',
    messageId: waId(),
    status: 'received',
    content: { type: 'text', text: { body: 'good morning to you' } },
    createdAt: START,
    attemptCount: 0,
    timeline: [{ status: 'received', at: START }],
    ...over,
  }
}

export function delivery(endpoint = 'ops', lane = ''): NewDelivery {
  return { id: newId('dlv', START), endpoint, lane }
}

export function event(over: Partial<NewEvent> = {}): NewEvent {
  return {
    id: newId('evt', START),
    at: START,
    type: 'message.queued',
    account: 'main',
    data: { hello: 'world' },
    deliveries: [],
    ...over,
  }
}

export function audit(over: Partial<AuditDraft> = {}): AuditDraft {
  return { at: START, principal: 'demo', action: 'messages.send', target: 'main', decision: 'allow', ...over }
}

/** How many events and audit entries the store holds: what effects leave behind. */
export async function effectsIn(store: Store): Promise<{ events: number; audit: number }> {
  const events = await store.events.list({ limit: 1_000 })
  const entries = await store.audit.list({ limit: 1_000 })
  return { events: events.items.length, audit: entries.items.length }
}

/** Effects that are easy to count: one event, one audit entry. */
export const someEffects = (): Effects => ({ events: [event()], audit: [audit()] })
