import type { JsonObject } from './event.ts'

/** What the audit chain is told, in the same transaction as the act. Personal data in `target` and `detail` is stored as a keyed hash. */
export type AuditDraft = {
  readonly at: Date
  readonly principal: string
  /** The credential's kind and serial or id, e.g. `mtls:4f9a…`; never the secret. */
  readonly credential?: string
  readonly ip?: string
  /** The action's word, e.g. `messages.send`, `accounts.link`, `auth.refused`. */
  readonly action: string
  /** What it touched: an account, a recipient, an endpoint. */
  readonly target?: string
  readonly decision: 'allow' | 'deny' | 'hold' | 'done'
  readonly detail?: JsonObject
}

export type AuditEntry = AuditDraft & { readonly seq: number; readonly prev: string; readonly hash: string }

/** Who asks, as authentication found them: carried along with every act for the audit chain. */
export type Actor = { readonly principal: string; readonly credential?: string; readonly ip?: string }

/** The appliance itself. */
export const SYSTEM: Actor = { principal: 'system' }
