import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { askControl, tellControl } from '../../app/cli/control.ts'
import { controlSocket } from '../../app/config/config.ts'
import { type RunningHttp, startHttp } from './running-http.ts'

let http: RunningHttp
before(async () => {
  http = await startHttp()
})
after(() => http.stop())

test('whoever can open the control socket is the system itself, whatever the rules say', async () => {
  http.setPolicy({ rules: [] })
  const who = await tellControl<Record<string, unknown>>(http, { path: '/v1/whoami' })
  assert.equal(who.principal, 'system')
  assert.deepEqual(who.credential, { kind: 'local' })
  assert.equal((await askControl(http, { path: '/v1/accounts' })).status, 200)
  const refused = await http.ask({ path: '/v1/accounts', as: 'billing' })
  assert.equal(refused.status, 403, 'a service under the same policy is refused')
})

test('a name that does not exist is not found there either', async () => {
  assert.equal((await askControl(http, { path: '/v1/accounts/nobody' })).status, 404)
  await assert.rejects(tellControl(http, { path: '/v1/accounts/nobody' }), {
    code: 'control.refused',
    message: 'There is no account of this name.',
  })
})

test('the socket is open to its owner alone', () => {
  assert.equal(statSync(controlSocket(http.dataDir)).mode & 0o777, 0o600)
})

test('a command says so when no appliance runs, and when only the socket of a killed one is left', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-control-'))
  t.after(() => rmSync(dataDir, { recursive: true }))
  const asked = () => askControl({ dataDir }, { path: '/v1/whoami' })
  await assert.rejects(asked, { code: 'control.not_running' })
  mkdirSync(join(dataDir, 'run'))
  writeFileSync(controlSocket(dataDir), '')
  await assert.rejects(asked, { code: 'control.not_running' })
})
