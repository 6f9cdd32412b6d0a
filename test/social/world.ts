import type { Rule } from '../../app/policy/snapshot.ts'
import { type Answer, type RunningHttp, startHttp } from '../http/running-http.ts'
import { type Rig, startRig } from '../whatsapp/rig.ts'

/** The HTTP side over real sessions that are linked to a simulated WhatsApp; `ask` speaks of the account `main`. */
export type World = {
  readonly rig: Rig
  readonly http: RunningHttp
  /** `path` follows that of the account; with a body and no method it is a POST. */
  ask(path: string, how?: How): Promise<Answer>
  stop(): Promise<void>
}

export type How = { readonly method?: string; readonly body?: unknown; readonly as?: string }

export async function startWorld(rules: readonly Rule[] = []): Promise<World> {
  const rig = await startRig()
  await rig.link()
  const http = await startHttp({ sessions: { ask: (name, question) => rig.sessions.ask(name, question) } })
  if (rules.length > 0) http.setPolicy({ rules: [...http.policySwitch.current().snapshot.rules, ...rules] })
  return {
    rig,
    http,
    ask: (path, { as = 'billing', ...how } = {}) =>
      http.ask({ path: `/v1/accounts/main/${path}`, as, ...how }),
    async stop() {
      await http.stop()
      await rig.stop()
    },
  }
}
