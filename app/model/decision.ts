/** What is asked of the policy. Words as in policy.md. */
export type DecisionRequest = {
  readonly principal: string
  readonly action: string
  readonly account?: string
  /** The recipient's chat id, for actions that touch one. */
  readonly to?: string
  readonly recipientKind?: 'contact' | 'group' | 'channel' | 'status'
  readonly type?: string
  readonly purpose?: string
  readonly ip?: string
  readonly at: Date
}

/** The policy's answer, before it has an id. No allow ⇒ deny; a hold never grants. */
export type Decision = {
  readonly effect: 'allow' | 'deny' | 'hold'
  /** The deciding rule's id, `default`, `network`, `expired`, or `limit:<name>`. */
  readonly by: string
  /** One sentence for whoever was refused. */
  readonly reason: string
}
