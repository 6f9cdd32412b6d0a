import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../model/audit.ts'
import type { Json, JsonObject } from '../../model/event.ts'

/** What the first entry names as the hash before it. */
export const FIRST_PREV = '0'.repeat(64)

/** JSON with sorted member names and no spaces: one text for one value. Undefined members are left out. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.entries(value as JsonObject)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`)
  return `{${members.join(',')}}`
}

/**
 * SHA-256 in hex over the canonical JSON of every member but `hash` itself, with `at` as ISO 8601 in UTC. Anybody who has
 * an exported chain can compute it.
 */
export function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, principal, credential, ip, action, target, decision, detail, prev } = entry
  const members = {
    seq,
    at: at.toISOString(),
    principal,
    credential,
    ip,
    action,
    target,
    decision,
    detail,
    prev,
  }
  return createHash('sha256')
    .update(canonicalJson(members as unknown as JsonObject))
    .digest('hex')
}
