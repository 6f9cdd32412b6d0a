import { isRecord, type PolicyDocument } from '../read/document.ts'
import type { Declared } from './declared.ts'

/** Puts the documents of each kind together. Call it only when all of them passed every check. */
export function gather(documents: readonly PolicyDocument[]): Declared {
  const merged = {
    testDemands: merge(documents, 'PolicySet', 'tests'),
    guardrails: concat(documents, 'PolicySet', 'guardrails'),
    signing: merge(documents, 'PolicySet', 'signing'),
    reload: merge(documents, 'PolicySet', 'reload'),
    onBadPolicyAtBoot: partsOf(documents, 'PolicySet', 'onBadPolicyAtBoot')[0],
    edge: merge(documents, 'Edge'),
    networks: merge(documents, 'Networks'),
    services: merge(documents, 'Principals', 'services'),
    people: merge(documents, 'Principals', 'people'),
    revoked: concat(documents, 'Principals', 'revoked'),
    accounts: merge(documents, 'Accounts'),
    roles: merge(documents, 'Access', 'roles'),
    rules: rulesIn(documents),
    normalise: merge(documents, 'Recipients', 'normalise'),
    consent: merge(documents, 'Recipients', 'consent'),
    optOut: merge(documents, 'Recipients', 'optOut'),
    quietHours: merge(documents, 'Recipients', 'quietHours'),
    lists: merge(documents, 'Recipients', 'lists'),
    limits: merge(documents, 'RateLimits', 'limits'),
    pacing: merge(documents, 'RateLimits', 'pacing'),
    templates: merge(documents, 'Templates'),
    endpoints: merge(documents, 'Webhooks', 'endpoints'),
    retention: merge(documents, 'Retention'),
  }
  return merged as unknown as Declared // the schemas vouch for it
}

function merge(documents: readonly PolicyDocument[], kind: string, member?: string): Record<string, unknown> {
  const maps = partsOf(documents, kind, member).filter(isRecord)
  const entries = maps.flatMap(map => Object.entries(map).filter(([name]) => !name.startsWith('x-')))
  return Object.fromEntries(entries)
}

function concat(documents: readonly PolicyDocument[], kind: string, member: string): readonly unknown[] {
  return partsOf(documents, kind, member).flatMap(part => (Array.isArray(part) ? (part as unknown[]) : []))
}

/** Rules know where they stand, so that a decision can be traced to a line. */
function rulesIn(documents: readonly PolicyDocument[]): readonly unknown[] {
  return documents.flatMap(document => {
    const rules = concat([document], 'Access', 'rules').filter(isRecord)
    return rules.map((rule, index) => {
      const { line } = document.rangeOf(['spec', 'rules', index], 'key').start
      return { ...rule, place: { file: document.file, line } }
    })
  })
}

function partsOf(documents: readonly PolicyDocument[], kind: string, member?: string): readonly unknown[] {
  return documents
    .filter(document => document.kind === kind)
    .map(({ value }) => (isRecord(value) ? value.spec : undefined))
    .map(spec => (member === undefined || !isRecord(spec) ? spec : spec[member]))
}
