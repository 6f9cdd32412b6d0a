import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EdgeVerdict } from '../../app/cli/policy/check.ts'
import { policyCommand } from '../../app/cli/policy/policy.ts'
import { loadConfig } from '../../app/config/config.ts'
import { BASE } from '../policy/world.ts'

type Run = { readonly exitCode: number; readonly out: string; readonly err: string }

type Words = Readonly<Record<string, string>>

/** A folder with the base policies and the secrets that they name; `env` is what the environment says beside it. */
export function policyWorld(t: TestContext, files: Words = {}, env: Words = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-cli-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['policies', 'secrets']) mkdirSync(join(folder, name))
  for (const name of ['basic-oncall', 'key-reports']) writeFileSync(join(folder, 'secrets', name), 'x')
  const policies = { 'base.yaml': BASE, ...files }
  for (const [name, text] of Object.entries(policies)) writeFileSync(join(folder, 'policies', name), text)
  return { folder, run }

  async function run(args: readonly string[], edge?: EdgeVerdict): Promise<Run> {
    const out: string[] = []
    const err: string[] = []
    const log = t.mock.method(console, 'log', (line: string) => out.push(line))
    const error = t.mock.method(console, 'error', (line: string) => err.push(line))
    const before = process.exitCode
    try {
      await commandIn(folder, { edge, env }).parseAsync([...args], { from: 'user' })
      return { exitCode: Number(process.exitCode ?? 0), out: out.join('\n'), err: err.join('\n') }
    } finally {
      process.exitCode = before
      log.mock.restore()
      error.mock.restore()
    }
  }
}

type Surroundings = { readonly edge: EdgeVerdict | undefined; readonly env: Words }

function commandIn(folder: string, { edge, env }: Surroundings) {
  return policyCommand({
    now: () => new Date('2026-11-23T10:00:00Z'),
    configure(flags) {
      const loaded = loadConfig({ env: { ...env, POSTERN_DATA: join(folder, 'data') }, root: folder, flags })
      if (loaded.kind === 'loaded') return loaded.config
      throw new Error(loaded.faults.join('\n'))
    },
    ...(edge && { validateEdge: async () => edge }),
  })
}
