import { type Erased, STORED_IN, type Stretch } from '../../store/privacy.ts'
import { type Answer, invalid, json, type Parsed, parsed, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import type { Call } from '../hop/call.ts'
import { EXPORT } from '../schemas/queries.ts'
import { queryReader } from '../schemas/query.ts'
import { consentRecordJson, findingJson } from '../wire/privacy.ts'
import { admitted, type ConsentDeps } from './consent.ts'
import { type Route, V1_SITES } from './route.ts'

type PrivacyDeps = ConsentDeps & Pick<HttpDeps, 'cancel' | 'library' | 'sessions'>

const ONE = '/v1/contacts/:phone'
const ACTION = 'privacy.manage'
const readExport = queryReader(EXPORT)

/** What a person may ask of whoever keeps data about them: all of it, and its erasure. */
export function privacyRoutes(deps: PrivacyDeps): readonly Route[] {
  const common = { sites: V1_SITES, access: { kind: 'itself', action: ACTION } } as const
  return [
    { method: 'post', path: `${ONE}/export`, ...common, handle: call => exportOf(call, deps) },
    { method: 'delete', path: ONE, ...common, handle: call => erase(call, deps) },
  ]
}

/** One stretch of all that is stored; the contact itself on the first page. A page may be empty and not the last. */
async function exportOf(call: Call, deps: PrivacyDeps): Promise<Answer> {
  const contact = await admitted(call, ACTION, deps)
  if (contact.kind === 'problem') return contact
  const query = readExport(call.request)
  if (query.kind === 'problem') return query
  const stretch = stretchAt(query.value.after)
  if (stretch.kind === 'problem') return stretch
  const isFirst = query.value.after === undefined
  if (isFirst) await record(call, { contact: contact.value, operation: 'export' }, deps)
  const { findings, next } = await deps.store.privacy.find(contact.value, stretch.value)
  const about = isFirst ? [await aboutThem(contact.value, deps)] : []
  return json({ data: [...about, ...findings.map(findingJson)], next: cursorAfter(stretch.value, next) })
}

async function aboutThem(contact: string, { store }: PrivacyDeps): Promise<object> {
  const [standing, name] = await Promise.all([
    store.contacts.standing(contact),
    store.contacts.calledOf(contact),
  ])
  return consentRecordJson(contact, standing, name)
}

async function erase(call: Call, deps: PrivacyDeps): Promise<Answer> {
  const contact = await admitted(call, ACTION, deps)
  if (contact.kind === 'problem') return contact
  if (deps.sessions.list().some(({ phone }) => phone === contact.value)) return OUR_OWN
  await cancelWaiting(call, contact.value, deps)
  const { counts, waiting, unreadable } = await eraseAll(contact.value, deps)
  const deed = { contact: contact.value, operation: 'erase', counts: { ...counts, unreadable } } as const
  if (waiting > 0) {
    await record(call, deed, deps)
    return ON_ITS_WAY
  }
  const { optedOutAt } = await deps.store.contacts.standing(contact.value)
  await deps.store.privacy.forget(contact.value, { audit: [auditOf(call, deed, deps)] })
  const opted_out_at = optedOutAt?.toISOString() ?? null
  return json({ phone: contact.value, erased: counts, unreadable, opted_out_at })
}

const OUR_OWN = problem('conflict', 'This is the number of an account of this appliance, and no contact.')

const ON_ITS_WAY = problem(
  'conflict',
  'A message to this contact, or one that names it, has still to leave. All else is erased; ask again to erase that as well.',
)

type ErasedInAll = Pick<Erased, 'waiting' | 'unreadable'> & {
  readonly counts: Readonly<Record<string, number>>
}

async function eraseAll(contact: string, { store, library }: PrivacyDeps): Promise<ErasedInAll> {
  const counts: Record<string, number> = Object.fromEntries(STORED_IN.map(what => [what, 0]))
  let [waiting, unreadable] = [0, 0]
  for (const what of STORED_IN) {
    for (let after: string | null = ''; after !== null; ) {
      const done: Erased = await store.privacy.erase(contact, { what, after })
      await library.dropFiles(done.files)
      for (const [name, count] of Object.entries(done.counts)) counts[name] = (counts[name] ?? 0) + count
      waiting += done.waiting
      unreadable += done.unreadable
      after = done.next
    }
  }
  return { counts, waiting, unreadable }
}

/** Nothing is sent any more to who is being forgotten. */
async function cancelWaiting(call: Call, contact: string, { store, cancel }: PrivacyDeps): Promise<void> {
  for (const account of call.policy.snapshot.accounts.keys()) {
    for (const status of ['held', 'queued'] as const) {
      let before: string | null = null
      do {
        const query = { account, chat: contact, status, limit: 200, ...(before === null ? {} : { before }) }
        const page: Awaited<ReturnType<typeof store.messages.list>> = await store.messages.list(query)
        for (const { id } of page.items) await cancel({ actor: call.actor, account, id })
        before = page.next
      } while (before !== null)
    }
  }
}

/** Where an export goes on: behind a row of a table. */
function stretchAt(cursor: string | undefined): Parsed<Stretch> {
  if (cursor === undefined) return parsed({ what: 'messages', after: '' })
  const [name = '', after = ''] = cursor.split(':')
  const what = STORED_IN.find(known => known === name)
  return what === undefined || !/^-?\w{0,64}$/.test(after)
    ? invalid('after', 'must be the cursor that the page before gave out')
    : parsed({ what, after })
}

function cursorAfter({ what }: Stretch, next: string | null): string | null {
  if (next !== null) return `${what}:${next}`
  const following = STORED_IN[STORED_IN.indexOf(what) + 1]
  return following === undefined ? null : `${following}:`
}

type Deed = { readonly contact: string; readonly operation: 'export' | 'erase'; readonly counts?: object }

async function record(call: Call, deed: Deed, deps: PrivacyDeps): Promise<void> {
  await deps.store.audit.append([auditOf(call, deed, deps)])
}

function auditOf({ actor, id, policy }: Call, { contact, operation, counts }: Deed, { now }: PrivacyDeps) {
  return {
    ...actor,
    at: now(),
    action: ACTION,
    target: contact,
    decision: 'done',
    detail: { operation, ...counts, request: id, policy: policy.revision },
  } as const
}
