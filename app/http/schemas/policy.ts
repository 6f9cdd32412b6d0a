import type { PolicyFile } from '../../model/policy-file.ts'

/** Without files, the appliance's own folder is meant. */
export type ApplyBody = {
  readonly files?: readonly PolicyFile[]
  readonly commit?: string
  /** What lets guardrails pass that name it. */
  readonly tags?: readonly string[]
  /** Digests of a plan: nothing else is to be applied, to nothing else. */
  readonly plan?: { readonly old: string; readonly new: string }
}

const DIGEST = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' }

export const APPLY_SCHEMA = {
  type: 'object',
  properties: {
    files: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string', minLength: 1 }, text: { type: 'string' } },
        required: ['name', 'text'],
        additionalProperties: false,
      },
    },
    commit: { type: 'string', minLength: 1, maxLength: 100 },
    tags: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 100 }, maxItems: 20 },
    plan: {
      type: 'object',
      properties: { old: DIGEST, new: DIGEST },
      required: ['old', 'new'],
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}

/** Without a revision, the one before the one in force. */
export type RollbackBody = { readonly revision?: string }

export const ROLLBACK_SCHEMA = {
  type: 'object',
  properties: { revision: { type: 'string', pattern: '^r?[1-9][0-9]{0,8}$' } },
  additionalProperties: false,
}
