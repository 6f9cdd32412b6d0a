import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { ask, proofFrom } from '../../app/supervise/ask.ts'
import { type ApiCall, type Sandbox, startSandbox } from './sandbox.ts'

let sandbox: Sandbox

before(async () => {
  sandbox = await startSandbox()
})
after(() => sandbox.dispose())

const status = async (call: ApiCall) => (await sandbox.api(call)).status

/** The demo client's own certificate as RFC 9440 writes it: what an attacker would forge. */
function demoHeader(): string {
  const pem = readFileSync(sandbox.endpoints().clients.demo?.cert_file ?? '', 'utf8')
  return `:${pem.replaceAll(/-----[^-]+-----|\s/g, '')}:`
}

test('without a certificate the api site gives no HTTP answer, with one it does', async () => {
  await assert.rejects(sandbox.api({ path: '/v1/whoami', as: null }))
  assert.equal(await status({ path: '/v1/whoami' }), 200)
})

test('forged Client-Cert, Postern-Site and Postern-Basic-User change nothing on any site', async () => {
  const forged = {
    'client-cert': demoHeader(),
    'postern-site': 'api',
    'postern-basic-user': 'oncall',
    'postern-remote-ip': '10.99.0.1',
  }
  const plain = await sandbox.api({ path: '/v1/whoami' })
  const same = await sandbox.api({ path: '/v1/whoami', headers: { ...forged, 'postern-site': 'dashboard' } })
  assert.deepEqual(JSON.parse(same.text), JSON.parse(plain.text))
  assert.equal(await status({ site: 'keys', path: '/v1/whoami', headers: forged }), 401)
  assert.equal(await status({ site: 'dashboard', path: '/v1/whoami', headers: forged }), 401)
  assert.equal(await status({ site: 'hooks', path: '/v1/whoami', headers: forged }), 404)
})

test('routes of other sites are not found on the hooks site', async () => {
  for (const path of [
    '/',
    '/v1/whoami',
    '/v1/accounts',
    '/livez',
    '/readyz',
    '/hooks/none',
    '/docs',
    '/dashboard.js',
  ]) {
    assert.equal(await status({ site: 'hooks', path }), 404, path)
  }
})

test('the page of the dashboard is not on the api site', async () => {
  assert.equal(await status({ path: '/' }), 404)
})

test('the app’s own port answers nobody but Caddy', async () => {
  const { clients } = sandbox.endpoints()
  const app = `https://127.0.0.1:${sandbox.base + 80}/livez`
  const internalCa = readFileSync(`${sandbox.folder}/secrets/internal-ca.pem`, 'utf8')
  const demo = { ...proofFrom(sandbox.endpoints().ca_file, clients.demo), ca: internalCa }
  const own = certificate('app')
  await assert.rejects(ask({ url: app, proof: { ca: internalCa }, servername: 'app' }))
  await assert.rejects(ask({ url: app, proof: demo, servername: 'app' }))
  await assert.rejects(ask({ url: app, proof: { ca: internalCa, ...own }, servername: 'app' }))
  const twin = await ask({ url: app, proof: { ca: internalCa, ...certificate('proxy') }, servername: 'app' })
  assert.equal(twin.status, 200)

  function certificate(name: string): { cert: string; key: string } {
    const read = (file: string) => readFileSync(`${sandbox.folder}/secrets/${file}`, 'utf8')
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) }
  }
})

test('the api site speaks TLS 1.3 only', async () => {
  const { api, ca_file } = sandbox.endpoints()
  const dial = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
    new Promise<string | null>((resolve, reject) => {
      const port = Number(new URL(api).port)
      const socket = connect({
        host: 'localhost',
        port,
        ca: readFileSync(ca_file),
        servername: 'localhost',
        maxVersion,
      })
      socket.once('secureConnect', () => {
        resolve(socket.getProtocol())
        socket.destroy()
      })
      socket.once('error', reject)
    })
  await assert.rejects(dial('TLSv1.2'))
  assert.equal(await dial('TLSv1.3'), 'TLSv1.3')
})

const message = { to: '+15550100003', type: 'text', text: { body: 'hello' } }
const POST = '/v1/accounts/main/messages'
const badInputs: readonly { name: string; call: ApiCall; want: number; says: RegExp }[] = [
  { name: 'an unknown member', call: { path: POST, body: { ...message, txet: 1 } }, want: 422, says: /text/ },
  {
    name: 'a wrong type',
    call: { path: POST, body: { ...message, text: { body: 7 } } },
    want: 422,
    says: /body/,
  },
  {
    name: 'a missing member',
    call: { path: POST, body: { to: message.to, type: 'text' } },
    want: 422,
    says: /text/,
  },
  {
    name: 'a recipient that is no number',
    call: { path: POST, body: { ...message, to: 'alice' } },
    want: 422,
    says: /to/,
  },
  {
    name: 'an unknown account',
    call: { path: '/v1/accounts/nobody/messages', body: message },
    want: 404,
    says: /account/,
  },
  {
    name: 'a link for a linked account',
    call: { path: '/v1/accounts/main/link', body: { method: 'qr' } },
    want: 409,
    says: /linked/,
  },
  { name: 'an unknown route', call: { path: '/v1/nothing' }, want: 404, says: /not-found/ },
  { name: 'a double slash', call: { path: '//v1/whoami' }, want: 400, says: /.*/ },
  { name: 'a traversal', call: { path: '/v1/%2e%2e/v1/whoami' }, want: 400, says: /.*/ },
]

for (const { name, call, want, says } of badInputs) {
  test(`${name} is answered ${want} in words`, async () => {
    const answer = await sandbox.api(call)
    assert.equal(answer.status, want, answer.text)
    assert.match(answer.text, says)
    assert.doesNotMatch(answer.text, /node_modules|\.ts:|SELECT|at Object/)
  })
}

test('a body over the limit is answered 413 and one that is not JSON 400', async () => {
  const tooLarge = await sandbox.api({
    path: POST,
    body: { ...message, text: { body: 'x'.repeat(2_000_000) } },
  })
  assert.equal(tooLarge.status, 413)
  const { api, ca_file, clients } = sandbox.endpoints()
  const broken = await ask({
    url: `${api}${POST}`,
    method: 'POST',
    rawBody: '{"to": ',
    proof: proofFrom(ca_file, clients.demo),
  })
  assert.equal(broken.status, 400, broken.text)
  assert.equal((await sandbox.api({ path: POST, body: message })).status, 202)
})
