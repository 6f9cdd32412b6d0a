import { newId } from '../lib/ids.ts'
import { step } from '../lib/step.ts'
import type { EventDraft, RouteEvent } from '../model/event.ts'
import type { Endpoint, PolicyInForce } from '../policy/snapshot.ts'

export type RouterDeps = { readonly policy: () => PolicyInForce; readonly now: () => Date }

/**
 * Gives each event its id and one delivery for every endpoint that wants it under the policy of this moment. An endpoint
 * limited to accounts gets their events only, so nothing that concerns the whole appliance.
 */
export function createRouter(deps: RouterDeps): RouteEvent {
  return draft => {
    const at = deps.now()
    const wanting = [...deps.policy().snapshot.endpoints.values()].filter(endpoint => wants(endpoint, draft))
    const deliveries = wanting.map(endpoint => ({
      id: newId('dlv', at),
      endpoint: endpoint.name,
      lane: laneOf(endpoint, draft),
    }))
    step('delivery.fan_out')
    return { ...draft, id: newId('evt', at), at, deliveries }
  }
}

function wants(endpoint: Endpoint, draft: EventDraft): boolean {
  if (!endpoint.events.has(draft.type)) return false
  return (
    endpoint.accounts === undefined || (draft.account !== undefined && endpoint.accounts.has(draft.account))
  )
}

/** Deliveries of one endpoint and lane leave one after another. What belongs to no chat or account has no order to keep. */
function laneOf(endpoint: Endpoint, draft: EventDraft): string {
  if (draft.account === undefined || endpoint.order === 'none') return ''
  if (endpoint.order === 'per-account') return draft.account
  return draft.chat === undefined ? '' : `${draft.account}/${draft.chat}`
}
