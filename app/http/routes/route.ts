import type { SiteName } from '../../policy/snapshot.ts'
import type { Answer } from '../answer.ts'
import type { Resource } from '../authorize.ts'
import type { Call } from '../hop/call.ts'

/**
 * Who may use a route. `anybody`: every principal from its own networks. `account`: the action on the account that the
 * path names. `any-account`: the action on at least one account, and the route leaves out the others. `appliance`:
 * the action without an account. `itself`: the route asks for the action, because what it touches is only known once
 * more is read. `owner`: whoever can open the control socket, and nobody else.
 */
export type Access =
  | { readonly kind: 'anybody' }
  | {
      readonly kind: 'account'
      readonly action: string
      readonly touches?: (call: Call) => Resource | Promise<Resource>
    }
  | { readonly kind: 'any-account'; readonly action: string }
  | { readonly kind: 'appliance'; readonly action: string }
  | { readonly kind: 'itself'; readonly action?: string }
  | { readonly kind: 'owner' }

export type Route = {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly path: string
  readonly sites: readonly SiteName[]
  readonly access: Access
  /** `raw`: the route reads the body itself. JSON when absent. */
  readonly body?: 'raw'
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

/** `/v1` is the same on the three sites where somebody can be known. */
export const V1_SITES: readonly SiteName[] = ['api', 'keys', 'dashboard']
