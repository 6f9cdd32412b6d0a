import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tellControl } from '../../../app/cli/control.ts'
import type { CertificateAndKey } from '../../../app/identity/pki/certificate.ts'
import { ensurePki } from '../../../app/identity/pki/ensure.ts'
import { type Answer, ask } from '../../../app/supervise/ask.ts'
import type { Endpoints } from '../../../app/supervise/endpoints.ts'
import { testConfig } from '../../edge/rig.ts'
import { ROOT } from '../../gateway/sandbox.ts'
import { type TestAuthority, testAuthority } from '../../helpers/certificates.ts'
import { portBaseOfOurOwn } from '../../helpers/port-base.ts'
import { upProcess } from '../../helpers/up-process.ts'

export type Ran = { readonly code: number; readonly said: string }

/** The real supervisor with the app and Caddy, for accounts that nobody has linked; the app has the bugs of bugs.ts. */
export type Appliance = {
  readonly folder: string
  readonly base: number
  readonly secretsDir: string
  readonly clientCa: TestAuthority
  pids(): Endpoints['pids']
  /** The policy folder has one file. */
  write(policy: string): void
  /** `postern policy …`. */
  policy(...args: readonly string[]): Promise<Ran>
  /** Asks the app through its control socket. */
  control<T>(path: string): Promise<T>
  /** Asks the api site. Rejects where there is no HTTP. */
  api(client: CertificateAndKey, path?: string): Promise<Answer>
  edgeCa(): string
  log(): string
  start(): Promise<void>
  stop(): Promise<number | null>
  dispose(): Promise<void>
}

const UP_WITHIN_MS = 300_000

/** Brings it up under this policy and waits until everything answers. */
export async function startAppliance(policy: string): Promise<Appliance> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-supervised-'))
  const base = await portBaseOfOurOwn()
  const config = testConfig(folder, base)
  const { dataDir, secretsDir, pkiDir, policiesDir } = config
  await ensurePki(config, new Date())
  mkdirSync(policiesDir)
  const env = { ...process.env, POSTERN_PORT_BASE: String(base) }
  const program = join(ROOT, 'test', 'supervise', 'appliance', 'program.ts')
  const up = upProcess({
    args: ['--no-warnings', program, '--folder', folder],
    ...{ cwd: folder, env, dataDir, withinMs: UP_WITHIN_MS },
  })
  const read = (...path: readonly string[]) => readFileSync(join(...path), 'utf8')
  const edgeCa = () => read(dataDir, 'run', 'edge-ca.pem')
  const write = (text: string) => writeFileSync(join(policiesDir, 'policy.yaml'), text)
  const appliance: Appliance = {
    ...{ folder, base, secretsDir, edgeCa, write, start: up.start, stop: up.stop },
    clientCa: testAuthority({ cert: read(secretsDir, 'client-ca.pem'), key: read(pkiDir, 'client-ca.key') }),
    pids: () => (JSON.parse(read(dataDir, 'run', 'endpoints.json')) as Endpoints).pids,
    policy: (...args) => run(['policy', ...args, '--data', dataDir]),
    control: path => tellControl(config, { path }),
    api: (client, path = '/v1/whoami') =>
      ask({ url: `https://localhost:${config.ports.api}${path}`, proof: { ca: edgeCa(), ...client } }),
    log: up.log,
    async dispose() {
      await up.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  write(policy)
  await up.start()
  return appliance

  function run(args: readonly string[]): Promise<Ran> {
    const all = ['--no-warnings', join(ROOT, 'app', 'cli.ts'), ...args]
    return new Promise(resolve =>
      execFile(process.execPath, all, { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), said: `${stdout}${stderr}` }),
      ),
    )
  }
}
