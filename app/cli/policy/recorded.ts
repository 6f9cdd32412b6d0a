import type { Config } from '../../config/config.ts'
import type { Decision, DecisionRequest } from '../../model/decision.ts'
import { type RequestWords, requestOf } from '../../policy/decide/words.ts'
import { tellControl } from '../control.ts'

/** A request that the appliance has decided, and what it said, without the limits of that moment. */
export type Recorded = { readonly request: DecisionRequest; readonly decision: Decision }

/** As the appliance tells it. */
type Told = Decision & { readonly rules?: Decision; readonly request: RequestWords }
type Page = { readonly data: readonly Told[]; readonly next: string | null }

const PAGE = 200

/**
 * What the running appliance has decided since an instant, page by page, so that a busy day needs no memory. Without what the
 * owner of the machine asked for, who is bound by no policy. Throws where none runs.
 */
export async function* recordedSince(
  since: Date,
  { config, now }: { readonly config: Config; readonly now: Date },
): AsyncGenerator<Recorded> {
  let after: string | null = null
  do {
    const query = new URLSearchParams({ since: since.toISOString(), limit: String(PAGE) })
    if (after !== null) query.set('after', after)
    const page: Page = await tellControl<Page>(config, { path: `/v1/policy/decisions?${query}` })
    for (const told of page.data) {
      const request = requestOf(told.request, now)
      if (request.principal !== 'system') yield { request, decision: told.rules ?? told }
    }
    after = page.next
  } while (after !== null)
}
