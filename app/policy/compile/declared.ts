import type { Keywords } from '../../model/opt-out.ts'
import type { PhoneRule } from '../../model/phone.ts'
import type { ParameterType } from '../../model/template.ts'
import type { WebhookFormat } from '../../model/webhook-format.ts'
import type { ConsentField, Guardrail, SignScheme, SiteName } from '../snapshot.ts'

/** The documents as their schemas guarantee them, all of one kind put together. Values are still texts in their notations. */
export type Declared = {
  readonly testDemands: { readonly require?: 'pass' | 'report'; readonly minRuleCoverage?: number }
  readonly guardrails: readonly Guardrail[]
  readonly signing: { readonly require?: boolean; readonly keys?: readonly string[] }
  readonly reload: { readonly mode?: 'apply' | 'watch'; readonly probation?: string }
  readonly onBadPolicyAtBoot: 'refuse' | 'last-known-good' | undefined
  readonly edge: DeclaredEdge
  readonly networks: Named<{ readonly cidrs: readonly string[]; readonly note?: string }>
  readonly services: Named<ServiceSpec>
  readonly people: Named<PersonSpec>
  readonly revoked: readonly { readonly serial: string }[]
  readonly accounts: Named<DeclaredAccount>
  readonly roles: Named<readonly string[]>
  readonly rules: readonly DeclaredRule[]
  readonly normalise: { readonly defaultRegion?: string; readonly reject?: PhoneRule['reject'] }
  readonly consent: DeclaredConsent
  readonly optOut: Partial<DeclaredOptOut>
  readonly quietHours: Partial<DeclaredQuietHours>
  readonly lists: Named<DeclaredList>
  readonly limits: Named<DeclaredLimit>
  readonly pacing: Named<DeclaredPacing>
  readonly templates: Named<DeclaredTemplate>
  readonly endpoints: Named<DeclaredEndpoint>
  readonly retention: DeclaredRetention
}

export type Named<T> = Readonly<Record<string, T>>

export type DeclaredQuietHours = {
  readonly tz: string
  readonly during: string
  readonly then: 'wait' | 'deny'
  readonly exceptPurposes?: readonly string[]
}

export type DeclaredRetention = {
  readonly messages?: { readonly body?: string; readonly metadata?: string; readonly media?: string }
  readonly deliveries?: { readonly delivered?: string; readonly dead?: string }
}

export type DeclaredEdge = {
  readonly tls?:
    | { readonly mode: 'internal' }
    | { readonly mode: 'acme'; readonly email: string; readonly ca?: string; readonly caRoot?: string }
    | { readonly mode: 'files'; readonly certificate: string; readonly key: string }
  readonly sites: Readonly<Partial<Record<SiteName, DeclaredSite>>>
  readonly basicAuthUsers?: Named<{ readonly passwordRef: string }>
  readonly limits?: {
    readonly maxBody?: string
    readonly maxUpload?: string
    readonly headerTimeout?: string
    readonly bodyTimeout?: string
    readonly idleTimeout?: string
  }
}

export type DeclaredSite = {
  readonly address: string
  readonly clientCertificates?: 'required'
  readonly apiKeys?: true
  readonly networks?: readonly string[]
  readonly basicAuth?: readonly string[]
}

type DeclaredPrincipal = {
  readonly networks?: readonly string[]
  readonly owner?: string
  readonly expires?: string
}

export type ServiceSpec = DeclaredPrincipal & {
  readonly mtls?: { readonly sanUri: string }
  readonly apiKey?: { readonly hashRef: string }
}

export type PersonSpec = DeclaredPrincipal & {
  readonly email?: string
  readonly roles?: readonly string[]
}

export type DeclaredAccount = {
  readonly displayName?: string
  readonly reconnect?: { readonly maxBackoff?: string; readonly giveUpAfter?: string }
  readonly refreshEvery?: string
  readonly selfCheckEvery?: string
  readonly onLoggedOut?: { readonly queue?: 'hold'; readonly alert?: 'security.alert' | 'none' }
  readonly markRead?: boolean
  readonly rejectCalls?: boolean
  readonly presence?: 'available' | 'unavailable'
  readonly history?: 'none' | 'recent' | 'full'
  readonly links?: { readonly allowNetworks?: readonly string[]; readonly ca?: string }
}

export type DeclaredList = { readonly numbers?: readonly string[]; readonly prefixes?: readonly string[] }

export type DeclaredConsent = {
  readonly requiredFields?: readonly ConsentField[]
  readonly purposes?: readonly string[]
  readonly maxAge?: string
}

export type DeclaredOptOut = {
  readonly keywords: Keywords
  readonly confirmWith?: string
  readonly liftBy: 'contact' | 'operator'
  readonly backKeywords?: Keywords
  readonly exceptPurposes?: readonly string[]
}

export type DeclaredTemplate = {
  readonly language: string
  readonly body: string
  readonly parameters?: Named<ParameterType>
}

export type DeclaredRule = {
  readonly id: string
  readonly place: { readonly file: string; readonly line: number }
  readonly effect: 'allow' | 'deny' | 'hold'
  readonly principals: readonly string[]
  readonly actions?: readonly string[]
  readonly roles?: readonly string[]
  readonly accounts?: readonly string[]
  readonly when?: {
    readonly messageTypes?: readonly string[]
    readonly recipientKind?: readonly ('contact' | 'group' | 'channel' | 'status')[]
    readonly recipients?: DeclaredList & { readonly list?: string; readonly consent?: 'required' }
    readonly networks?: readonly string[]
    readonly templates?: readonly string[]
    readonly purpose?: readonly string[]
    readonly firstContact?: boolean
    readonly conversation?: { readonly openedByContactWithin: string }
    readonly size?: { readonly min?: string; readonly max?: string }
    readonly mime?: readonly string[]
    readonly hours?: { readonly tz: string; readonly allow: string }
  }
  readonly message?: string
}

export type DeclaredLimit = {
  readonly key: readonly ('principal' | 'account' | 'recipient' | 'remoteIp')[]
  readonly rate: string
  readonly burst?: number
  readonly onExceed: 'reject' | 'queue' | 'hold' | 'block'
  readonly maxWait?: string
  readonly blockFor?: string
  readonly when?: { readonly principals?: readonly string[]; readonly firstContact?: boolean }
}

export type DeclaredPacing = {
  readonly jitter?: string
  readonly warmUp?: { readonly start: string; readonly growth: number; readonly max: string }
}

export type DeclaredEndpoint = {
  readonly url: string
  readonly events: readonly string[]
  readonly accounts?: readonly string[]
  readonly format?: WebhookFormat
  readonly verifyTokenRef?: string
  readonly payload?: { readonly body?: 'full' | 'none'; readonly contact?: 'clear' | 'hash' }
  readonly sign: { readonly scheme?: SignScheme; readonly secretRef: string; readonly previousRef?: string }
  readonly tls?: { readonly ca?: string; readonly clientCertificate?: string }
  readonly allowNetworks?: readonly string[]
  readonly order?: 'none' | 'per-chat' | 'per-account'
  readonly timeout?: string
  readonly concurrency?: number
  readonly retry?: { readonly maxAge?: string }
}
