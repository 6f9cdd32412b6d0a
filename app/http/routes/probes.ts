import type { RequestHandler } from 'express'
import { json, problem } from '../answer.ts'
import type { HttpDeps } from '../deps.ts'
import { entrances } from '../hop/call.ts'
import { send } from '../send.ts'

/** `/livez` and `/readyz`, for whoever watches: they need nobody's name and say nothing about anybody. Not on the hooks site. */
export function probes(deps: Pick<HttpDeps, 'readiness' | 'store'>): RequestHandler {
  return (request, response, next) => {
    const readable = request.method === 'GET' || request.method === 'HEAD'
    if (!readable || entrances.find(request)?.site === 'hooks') return next()
    if (request.path === '/livez') return send(request, response, json({ status: 'alive' }))
    if (request.path !== '/readyz') return next()
    const { ready, reason } = deps.readiness()
    const disk = deps.store.disk.state().level
    if (ready) return send(request, response, json({ status: 'ready', disk }))
    send(request, response, problem('not-ready', `The appliance is not ready: ${reason ?? 'starting'}.`))
  }
}
