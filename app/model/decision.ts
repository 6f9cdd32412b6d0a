/** What an account and a recipient have had to do with each other, as far as messages are kept. */
export type Acquaintance = {
  /** They have never exchanged a message. */
  readonly firstContact?: boolean
  /** When the contact last wrote to the account. */
  readonly lastInboundAt?: Date | 'never'
}

/** What is asked of the policy. Words as in policy.md. */
export type DecisionRequest = Acquaintance & {
  readonly principal: string
  /** Of the certificate, in lower-case hex without separators or leading zeros. */
  readonly credentialSerial?: string
  readonly action: string
  readonly account?: string
  /** The recipient's chat id, for actions that touch one. */
  readonly to?: string
  readonly recipientKind?: 'contact' | 'group' | 'channel' | 'status'
  readonly type?: string
  /** Of a message of the type `template`. */
  readonly template?: string
  readonly purpose?: string
  /** Bytes of the file that the message carries, and its type. */
  readonly size?: number
  readonly mime?: string
  /** The purposes to which the recipient's consent is valid now. */
  readonly consents?: readonly string[]
  readonly optedOut?: boolean
  readonly ip?: string
  /** Instead of the address, where only the name of the network is known: tests and `explain`. */
  readonly network?: string
  readonly at: Date
}

/** The policy's answer, before it has an id. No allow ⇒ deny; a hold never grants. */
export type Decision = {
  readonly effect: 'allow' | 'deny' | 'hold'
  /** The deciding rule's id, `default`, `revoked`, `network`, `expired`, `invalid-recipient`, `opted-out`, or `limit:<name>`. */
  readonly by: string
  /** One sentence for whoever was refused. */
  readonly reason: string
}

/** A decision that was made: what was asked, what was said, and under which policy. */
export type DecisionRecord = Decision & {
  /** `dec_…` */
  readonly id: string
  readonly request: DecisionRequest
  readonly revision: string
  readonly digest: string
  /** The credential's kind and serial or id, never the secret. */
  readonly credential?: string
  /** What the policy said without regard to what decided in the end: a limit, or that nobody approves their own message. */
  readonly rules?: Decision
}
