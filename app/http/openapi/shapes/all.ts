import { PROBLEM_CODES } from '../../errors.ts'
import { ACCOUNT_SHAPES } from './accounts.ts'
import { GRAPH_SHAPES, WHINSELF_SHAPES } from './compatible.ts'
import { MESSAGE_SHAPES } from './messages.ts'
import { POLICY_SHAPES } from './policy.ts'
import { listOf, oneOfWords, type Schema, shape, TEXT } from './shape.ts'
import { SOCIAL_SHAPES } from './social.ts'
import { WEBHOOK_SHAPES } from './webhooks.ts'

const PROBLEM: Schema = {
  ...shape(
    {
      ...{ type: TEXT, title: TEXT, status: { type: 'integer' }, detail: TEXT, instance: TEXT },
      code: { ...oneOfWords(PROBLEM_CODES), description: 'the word that programs go by: it does not change' },
      ...{
        request_id: TEXT,
        decision: { type: 'string', description: 'the recorded decision that refused' },
      },
      errors: listOf(
        shape({
          path: { type: 'string', description: 'a JSONPath into the body, or the name of a parameter' },
          message: TEXT,
        }),
      ),
    },
    ['decision', 'errors'],
  ),
  description: 'What went wrong, as RFC 9457 writes it.',
}

/** What the document names: the parts of answers. */
export const SHAPES: Readonly<Record<string, Schema>> = {
  Problem: PROBLEM,
  Status: shape({ status: oneOfWords(['alive', 'ready']), disk: TEXT }, ['disk']),
  ...ACCOUNT_SHAPES,
  ...MESSAGE_SHAPES,
  ...SOCIAL_SHAPES,
  ...WEBHOOK_SHAPES,
  ...POLICY_SHAPES,
  ...GRAPH_SHAPES,
  ...WHINSELF_SHAPES,
}
