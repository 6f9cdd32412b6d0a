// Sends a text and waits until WhatsApp has it. API is the address of the api site; CA, CERT and KEY are files.
// Node's own https, so that there is nothing to install.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'

const { API = '', CA = '', CERT = '', KEY = '', TO = '' } = process.env
const agent = new Agent({
  keepAlive: true,
  ca: readFileSync(CA),
  cert: readFileSync(CERT),
  key: readFileSync(KEY),
})

function ask(method, path, body, headers = {}) {
  const { promise, resolve, reject } = Promise.withResolvers()
  const sent = request(
    `${API}${path}`,
    { agent, method, headers: { 'content-type': 'application/json', ...headers } },
    async answer => {
      const text = (await answer.toArray()).join('')
      if (answer.statusCode < 300) resolve(JSON.parse(text))
      else reject(new Error(`${answer.statusCode}: ${text}`))
    },
  )
  sent.on('error', reject)
  sent.end(body && JSON.stringify(body))
  return promise
}

const messages = '/v1/accounts/main/messages'
const message = { to: TO, type: 'text', text: { body: 'Hello from Node' } }
// The same key again gets the same answer, so that a lost answer can be asked for anew.
const { message_id } = await ask('POST', messages, message, { 'idempotency-key': randomUUID() })

for (;;) {
  const { status, timeline } = await ask('GET', `${messages}/${message_id}`)
  if (timeline.some(step => step.status === 'sent')) break
  if (['failed', 'expired', 'cancelled'].includes(status)) throw new Error(`${message_id} is ${status}`)
  await new Promise(resolve => setTimeout(resolve, 1_000))
}
process.stdout.write(`${message_id}\n`)
agent.destroy()
