import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askControl } from '../../app/cli/control.ts'
import { loadConfig } from '../../app/config/config.ts'
import { issueClient } from '../../app/identity/pki/issue.ts'
import type { ClientFiles } from '../../app/supervise/endpoints.ts'
import { type ApiCall, eventually, ROOT, type Sandbox, startSandbox } from './sandbox.ts'

const DAVE = '+15550100004'
const HOLD = `
    - id: limited-waits-for-a-human
      effect: hold
      principals: [limited]
      actions: [messages.send]
`

let folder: string
let sandbox: Sandbox
let limited: ClientFiles
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-holds-'))
  cpSync(join(ROOT, 'test', 'sandbox', 'policies'), folder, { recursive: true })
  appendFileSync(join(folder, 'access.yaml'), HOLD)
  sandbox = await startSandbox({ policies: folder })
  limited = await certificateOf('limited')
  await sandbox.simulator('/phones', { number: DAVE, name: 'Dave' })
})
after(async () => {
  await sandbox.dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function certificateOf(name: string): Promise<ClientFiles> {
  const loaded = loadConfig({ env: {}, root: ROOT, flags: { data: sandbox.dataDir, sandbox: true } })
  assert.ok(loaded.kind === 'loaded')
  const { files } = await issueClient(loaded.config, { name, now: new Date() })
  return { cert_file: files.cert, key_file: files.key }
}

const path = '/v1/accounts/main/messages'

async function ask(call: ApiCall): Promise<{ status: number; body: Record<string, string> }> {
  const answer = await sandbox.api(call)
  return { status: answer.status, body: JSON.parse(answer.text) }
}

async function held(text: string): Promise<string> {
  const { status, body } = await ask({ path, body: { to: DAVE, text: { body: text } }, as: limited })
  assert.deepEqual([status, body.status], [202, 'held'], JSON.stringify(body))
  return body.id ?? ''
}

async function inbox(): Promise<readonly (string | undefined)[]> {
  const { data } = (await sandbox.simulator(`/phones/${DAVE}/inbox`)) as {
    data: { text?: { body: string } }[]
  }
  return data.map(({ text }) => text?.body)
}

test('a held message reaches its recipient once somebody else has approved it, and one that is rejected never', async () => {
  const approved = await held('please approve')
  const rejected = await held('please reject')
  const listed = await ask({ path: `${path}?status=held` })
  assert.equal(listed.body.data?.length, 2)

  const own = await ask({ path: `${path}/${approved}/approve`, method: 'POST', as: limited })
  assert.equal(own.status, 403, 'the sender may not approve anything here')
  const why = { path: '/v1/policy/explain', body: { decision: own.body.decision } }
  const explained = await askControl({ dataDir: sandbox.dataDir }, why)
  assert.deepEqual((explained.body as { by: string }).by, 'default')
  const no = await ask({ path: `${path}/${rejected}/reject`, body: { reason: 'not this one' } })
  assert.deepEqual([no.status, no.body.status], [200, 'failed'])
  const yes = await ask({ path: `${path}/${approved}/approve`, body: { reason: 'fine' } })
  assert.deepEqual([yes.status, yes.body.approved_by], [200, 'demo'])

  await eventually('the approved text', async () => ((await inbox()).length > 0 ? true : undefined))
  assert.deepEqual(await inbox(), ['please approve'])
  await eventually('the receipt', async () => {
    const { body } = await ask({ path: `${path}/${approved}`, as: limited })
    return body.status === 'delivered' ? true : undefined
  })
  const again = await ask({ path: `${path}/${approved}/approve`, method: 'POST' })
  assert.equal(again.status, 409)
})
