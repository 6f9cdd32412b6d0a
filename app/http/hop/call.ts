import type { Request } from 'express'
import type { Authentication, Credential } from '../../identity/authenticate.ts'
import { PosternError } from '../../lib/error.ts'
import type { Actor } from '../../model/audit.ts'
import type { PolicyInForce, PolicySnapshot, Principal, SiteName } from '../../policy/snapshot.ts'
import type { Hop } from './hop.ts'

/** A request as it came in. It keeps the policy it began with to its end. */
export type Arrival = {
  readonly id: string
  readonly at: Date
  readonly policy: PolicyInForce
}

/** What Caddy says of it. */
export type Entrance = { readonly site: SiteName; readonly remoteIp: string }

/** A request whose principal is known: what routes work with. */
export type Call = Arrival &
  Entrance & {
    readonly principal: Principal
    readonly credential: Credential
    /** The caller in the audit chain's words. */
    readonly actor: Actor
    readonly request: Request
    /** Who the same credential is under another policy. */
    readonly identify: (snapshot: PolicySnapshot) => Authentication
    /** Aborted when the caller goes away or the server closes. */
    readonly gone: AbortSignal
  }

/** Remembers per request what an earlier step of the way found out for the later ones. */
class Memory<T> {
  readonly #values = new WeakMap<Request, T>()

  set(request: Request, value: T): void {
    this.#values.set(request, value)
  }

  find(request: Request): T | undefined {
    return this.#values.get(request)
  }

  /** Throws when the earlier step did not run: a mistake in `application.ts`. */
  get(request: Request): T {
    const value = this.#values.get(request)
    if (value === undefined)
      throw new PosternError('http.order', 'a step of the request ran before another it needs')
    return value
  }
}

export const arrivals = new Memory<Arrival>()
export const hops = new Memory<Hop>()
export const entrances = new Memory<Entrance>()
export const calls = new Memory<Call>()

/** A path parameter; Express has decoded it. Routes only ask for those their path names. */
export function param(call: Call, name: string): string {
  const value = call.request.params[name]
  return typeof value === 'string' ? value : ''
}
