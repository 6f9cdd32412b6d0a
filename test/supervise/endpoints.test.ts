import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { endpointsFile, removeEndpoints, writeEndpoints } from '../../app/supervise/endpoints.ts'
import { folderFor } from './world.ts'

const ENDPOINTS = { ready: true, policy: 'r1 sha256:00', pids: { up: 1 } } as const

test('the endpoints are written whole, for the owner alone, and replaced', t => {
  const folder = folderFor(t)
  writeEndpoints(folder, ENDPOINTS)
  writeEndpoints(folder, { ...ENDPOINTS, pids: { up: 2 } })
  const file = endpointsFile(folder)
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { ...ENDPOINTS, pids: { up: 2 } })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(`${folder}/run`), ['endpoints.json'])
})

test('removing them twice is no mistake', t => {
  const folder = folderFor(t)
  writeEndpoints(folder, ENDPOINTS)
  removeEndpoints(folder)
  removeEndpoints(folder)
  assert.equal(existsSync(endpointsFile(folder)), false)
})
