import type { EventType } from '../model/event.ts'
import type { Keywords } from '../model/opt-out.ts'
import type { PhoneRule } from '../model/phone.ts'
import type { Template } from '../model/template.ts'
import type { WebhookFormat } from '../model/webhook-format.ts'

/** The whole declared policy, compiled: immutable, and the only thing that is ever asked for a decision. */
export type PolicySnapshot = {
  /** `sha256:<hex>` over the sorted file names and contents. */
  readonly digest: string
  /** What the set asks of its own tests. Coverage counts rules that decided a request, in percent. */
  readonly tests: { readonly requireAll: boolean; readonly minRuleCoverage: number }
  /** By their ids. What no plan may bring, unless they are lifted by a plan before. */
  readonly guardrails: ReadonlyMap<string, Guardrail>
  /** Who may sign the files, and whether they must be signed. */
  readonly signing: { readonly isRequired: boolean; readonly keyRefs: readonly string[] }
  readonly reload: ReloadRules
  /** What a start does when the files have errors: nothing, or it goes on with the last policy that was in force. */
  readonly onBadPolicyAtBoot: 'refuse' | 'last-known-good'
  readonly edge: Edge
  readonly networks: ReadonlyMap<string, Network>
  readonly principals: ReadonlyMap<string, Principal>
  /** Serials in lower-case hex without separators or leading zeros. */
  readonly revokedSerials: ReadonlySet<string>
  readonly accounts: ReadonlyMap<string, AccountPolicy>
  readonly rules: readonly Rule[]
  /** A rule or a limit wants to know what account and recipient have had to do with each other. */
  readonly asksAcquaintance: boolean
  /** The lists of the kind Recipients; rules have what they need of them already. */
  readonly lists: ReadonlyMap<string, RecipientCondition>
  /** Absent: there are none. */
  readonly quietHours?: QuietHours
  readonly limits: ReadonlyMap<string, Limit>
  /** By account. */
  readonly pacing: ReadonlyMap<string, Pacing>
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly phoneRule: PhoneRule
  /** Which consents count where a rule asks for one. */
  readonly consent: ConsentTerms
  /** How contacts say that they want no more messages; absent: by no word, and what was said before holds on. */
  readonly optOut?: OptOut
  readonly templates: ReadonlyMap<string, Template>
  readonly retention: Retention
}

export type ReloadRules = {
  /** Whether an edited folder is put in force by itself, or only when somebody says so. */
  readonly mode: 'apply' | 'watch'
  /** How long the appliance watches itself after this policy has come into force; absent: not at all. */
  readonly probationMs?: number
}

/** A kind of change that is not to happen. `on` is a part of the policy, such as `networks` or `retention.messages`. */
export type Guardrail = {
  readonly id: string
  readonly on: string
  readonly deny: 'widen' | 'newAllow' | 'shorten' | 'remove'
  /** A plan that carries this tag passes. */
  readonly unlessTag?: string
}

/** How long what is over is kept; what is absent, for ever. */
export type Retention = {
  readonly bodyMs?: number
  readonly metadataMs?: number
  /** Of files: uploaded, taken from a link or received. As long as bodies, when absent. */
  readonly mediaMs?: number
  readonly deliveredMs?: number
  readonly deadMs?: number
}

/** The snapshot in force with the number the appliance gave it. */
export type PolicyInForce = { readonly revision: `r${number}`; readonly snapshot: PolicySnapshot }

export type Network = { readonly name: string; readonly cidrs: readonly string[]; readonly note?: string }

export type Principal = {
  readonly name: string
  readonly kind: 'service' | 'operator'
  readonly roles: readonly string[]
  /** Names of networks; empty means any network the site lets in. */
  readonly networks: readonly string[]
  readonly expiresAt?: Date
  readonly owner?: string
  /** A service's certificate, by its SPIFFE URI. */
  readonly sanUri?: string
  /** A service's API key: reference of a file with the hex SHA-256 of the key. */
  readonly apiKeyHashRef?: string
  readonly email?: string
}

export type AccountPolicy = {
  readonly name: string
  readonly displayName?: string
  readonly reconnect: { readonly maxBackoffMs: number; readonly giveUpAfterMs: number }
  readonly refreshEveryMs?: number
  /** After how long without a delivery receiving is to be proven; absent: never. */
  readonly selfCheckEveryMs?: number
  /** Whether the loss of the device is an alert too, beside its own event. */
  readonly alertsOnLoggedOut: boolean
  readonly markRead: boolean
  /** Whether whoever calls is turned down at once. */
  readonly rejectCalls?: true
  readonly presence: 'available' | 'unavailable'
  readonly history: 'none' | 'recent' | 'full'
  /** Private networks from which the file of a `link` may be fetched. */
  readonly linkCidrs?: readonly string[]
  /** A private CA that is trusted there. */
  readonly linkCaRef?: string
}

export type Rule = {
  readonly id: string
  readonly effect: 'allow' | 'deny' | 'hold'
  /** Names or `*`. */
  readonly principals: readonly string[]
  /** Actions, roles already unfolded. `*` and `messages.*` are globs. */
  readonly actions: readonly string[]
  /** Names or `*`; absent means any, also requests that touch no account. */
  readonly accounts?: readonly string[]
  readonly when: Conditions
  /** Shown to whom the rule refuses. */
  readonly message?: string
  /** Where the rule stands, as `file` and line; absent for those that roles bring. */
  readonly place?: { readonly file: string; readonly line: number }
}

/** All that are present must hold; inside one list any may. */
export type Conditions = {
  readonly messageTypes?: readonly string[]
  /** Globs. Only of messages of the type `template`. */
  readonly templates?: readonly string[]
  readonly recipientKind?: readonly ('contact' | 'group' | 'channel' | 'status')[]
  readonly recipients?: RecipientCondition
  /** A valid consent to the purpose of the request. */
  readonly consent?: 'required'
  readonly networks?: readonly string[]
  readonly purpose?: readonly string[]
  readonly firstContact?: boolean
  /** The contact has written within this time. */
  readonly openedByContactWithinMs?: number
  /** Only of messages with a file; both ends are inside. */
  readonly size?: { readonly minBytes?: number; readonly maxBytes?: number }
  /** Globs such as `image/*`. Only of messages with a file. */
  readonly mime?: readonly string[]
  readonly hours?: { readonly tz: string; readonly spans: readonly HoursSpan[] }
}

/** One of `numbers`, or beginning with one of `prefixes`; `list` names where they stand. */
export type RecipientCondition = {
  readonly list?: string
  readonly numbers?: readonly string[]
  readonly prefixes?: readonly string[]
}

export type ConsentField = 'purpose' | 'granted_at' | 'evidence'

/** A consent that lacks a field, is to another purpose, or was given longer ago, does not count. */
export type ConsentTerms = {
  readonly requiredFields: readonly ConsentField[]
  /** Absent: whatever it was given for. */
  readonly purposes?: readonly string[]
  readonly maxAgeMs?: number
}

export type OptOut = {
  readonly keywords: Keywords
  /** The template of the message that confirms it. */
  readonly confirmWith?: string
  /** `contact`: by one of `backKeywords`. `operator`: by recording a consent that was given later. */
  readonly liftBy: 'contact' | 'operator'
  readonly backKeywords: Keywords
  /** Purposes of messages that are sent all the same. */
  readonly exceptPurposes: readonly string[]
}

/** From a minute of the day (inside) to another (outside), on days of the week, Monday being 0; `to` before `from` passes midnight. */
export type HoursSpan = { readonly days: ReadonlySet<number>; readonly from: number; readonly to: number }

/** When nobody is to be written to, by the wall clock of `tz`, which may be `recipient`. */
export type QuietHours = {
  readonly tz: string
  readonly spans: readonly HoursSpan[]
  /** What messages do. */
  readonly meanwhile: 'wait' | 'deny'
  readonly exceptPurposes: readonly string[]
}

export type Limit = {
  readonly name: string
  readonly key: readonly LimitKey[]
  /** Tokens that flow in per `periodMs`. */
  readonly count: number
  readonly periodMs: number
  readonly burst: number
  readonly onExceed: 'reject' | 'queue' | 'hold' | 'block'
  readonly maxWaitMs?: number
  readonly blockForMs?: number
  /** Only for requests of these principals; absent means everybody's. */
  readonly principals?: readonly string[]
  /** Only for messages to whom the account has never exchanged one with, or only for the others. */
  readonly firstContact?: boolean
}

/** How fast an account sends what may leave. */
export type Pacing = {
  /** Between one message and the next. */
  readonly jitter?: { readonly minMs: number; readonly maxMs: number }
  readonly warmUp?: WarmUp
}

/** Messages a day: so many on the first, `growth` times as many on each that follows, never more than `max`. */
export type WarmUp = { readonly start: number; readonly growth: number; readonly max: number }

export type LimitKey = 'principal' | 'account' | 'recipient' | 'remoteIp'

/** Of Standard Webhooks: a shared secret, or an ed25519 key whose public half the receiver has. */
export type SignScheme = 'v1' | 'v1a'

export type Endpoint = {
  readonly name: string
  readonly url: string
  /** Event types with `message.*` unfolded. */
  readonly events: ReadonlySet<EventType>
  /** Names; absent means all. */
  readonly accounts?: ReadonlySet<string>
  readonly format: WebhookFormat
  /** The word that an endpoint of Cloud API knows us by: it is asked for it before anything is posted. */
  readonly verifyTokenRef?: string
  readonly payload: { readonly body: 'full' | 'none'; readonly contact: 'clear' | 'hash' }
  readonly signScheme: SignScheme
  /** References of secrets, newest first: several during a rotation. */
  readonly secretRefs: readonly string[]
  readonly caRef?: string
  /** PEM with our certificate and its key, for endpoints that ask for one. */
  readonly clientCertificateRef?: string
  readonly allowCidrs: readonly string[]
  readonly order: 'none' | 'per-chat' | 'per-account'
  readonly timeoutMs: number
  readonly concurrency: number
  readonly retry: { readonly schedule: 'standard'; readonly maxAgeMs: number }
}

export type SiteName = 'api' | 'keys' | 'dashboard' | 'hooks'

export type Edge = {
  readonly tls:
    | { readonly mode: 'internal' }
    | { readonly mode: 'acme'; readonly email: string; readonly ca?: string; readonly caRoot?: string }
    | { readonly mode: 'files'; readonly certificate: string; readonly key: string }
  readonly sites: Readonly<Partial<Record<SiteName, Site>>>
  /** Basic-auth user → reference of a file with an argon2id hash in PHC form. */
  readonly basicAuthUsers: ReadonlyMap<string, string>
  readonly limits: {
    readonly maxBodyBytes: number
    readonly maxUploadBytes: number
    readonly headerTimeoutMs: number
    readonly bodyTimeoutMs: number
    readonly idleTimeoutMs: number
  }
}

export type Site = {
  /** `https://host:port` */
  readonly address: string
  readonly clientCertificates: boolean
  readonly apiKeys: boolean
  /** Names of networks; empty means any. */
  readonly networks: readonly string[]
  /** Basic-auth users who may enter; empty means no basic auth. */
  readonly basicAuth: readonly string[]
}
