/** The message that this one replies to, by its WhatsApp message id. */
export type MessageContext = { readonly message_id: string }

/** What stands around the content of a message, whatever its type. */
export type Around = {
  readonly context?: MessageContext
  /** The people whom it names, each by number or as `…@lid`. */
  readonly mentions?: readonly string[]
  /** How often it has been passed on, by those who wrote it on. */
  readonly forwarding_score?: number
  /** It goes away so many seconds after it was read, as the chat's timer wants. */
  readonly ephemeral_seconds?: number
}
