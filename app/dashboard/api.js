/** An answer other than 2xx, with what the appliance says about it. */
export class Refusal extends Error {
  /** @param {number} status @param {{ detail?: string, request_id?: string }} problem @param {number} retryAfterMs */
  constructor(status, problem, retryAfterMs) {
    super(problem.detail ?? `The appliance answered ${status}.`)
    this.status = status
    this.requestId = problem.request_id
    this.retryAfterMs = retryAfterMs
  }
}

/** GET as JSON. Throws `Refusal`, or a TypeError when the appliance cannot be reached. */
export async function get(path) {
  return (await ask(path, { headers: { Accept: 'application/json' } })).json()
}

/** POST of a JSON body, answered by JSON. */
export async function post(path, body) {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json' }
  return (await ask(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}

/** GET of a picture. */
export async function picture(path) {
  return (await ask(path, { headers: { Accept: 'image/svg+xml' } })).blob()
}

async function ask(path, init) {
  // Without the name and password that may stand in the page's own address: fetch refuses those.
  const url = new URL(path, location.origin)
  const answer = await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(15_000) })
  if (answer.ok) return answer
  const problem = await answer.json().catch(() => ({}))
  throw new Refusal(answer.status, problem, Number(answer.headers.get('Retry-After') ?? 0) * 1_000)
}
