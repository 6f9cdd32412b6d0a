import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAuthority, signCertificate } from '../../app/identity/pki/certificate.ts'
import { renderEdge } from '../../app/policy/render-edge.ts'
import { reloadEdge, writeNext } from '../../app/supervise/edge.ts'
import { daysFromNow } from '../helpers/certificates.ts'
import { debianTool } from '../helpers/debian-tool.ts'
import { type AppRig, startAppRig } from './app-rig.ts'
import { hashOf, KEY } from './callers/ask.ts'

const skip = process.env.TEST_LONG === '1' ? false : 'testssl.sh takes minutes a site: --long'

const NAME = 'wa.postern.test'
const SCAN_WITHIN_MS = 40 * 60_000
/** A scan that came to its end has far more; one that could not connect has a handful. */
const FINDINGS_AT_LEAST = 100

/** What testssl.sh finds and we leave. */
const LEFT: Readonly<Record<string, string>> = {
  cert_revocation: 'a private CA: that of the test serves neither a CRL nor OCSP',
}

type Scanned = 'api' | 'dashboard' | 'hooks'
type Finding = { readonly id: string; readonly severity: string; readonly finding: string }

let rig: AppRig
before(async () => {
  if (skip !== false) return
  rig = await startAppRig({ portBase: 28_300, secrets: { 'secret:key-reports': hashOf(KEY) } })
  await serveUnderName()
})
after(() => rig?.stop())

const inFolder = (file: string) => join(rig.edge.config.dataDir, file)

/** Under a public name with certificates from files, as an installation is that people outside reach. */
async function serveUnderName(): Promise<void> {
  const { config, deps, snapshot } = rig.edge
  const notBefore = daysFromNow(-1)
  const authority = await createAuthority('Corporate CA', { notBefore, notAfter: daysFromNow(3_650) })
  const served = await signCertificate(authority, {
    ...{ commonName: NAME, usages: ['serverAuth'], dnsNames: [NAME], notBefore },
    notAfter: daysFromNow(90),
  })
  const tls = { mode: 'files', certificate: 'secret:edge.pem', key: 'secret:edge.key' } as const
  for (const [file, text] of [
    [join(config.secretsDir, 'edge.pem'), served.cert],
    [join(config.secretsDir, 'edge.key'), served.key],
    [inFolder('corporate-ca.pem'), authority.cert],
    [inFolder('client.pem'), `${rig.honest.cert}${rig.honest.key}`],
  ] as const)
    writeFileSync(file, text, { mode: 0o600 })
  const sites = Object.entries(snapshot.edge.sites).map(([name, site]) => {
    const { port } = new URL(site.address)
    return [name, { ...site, address: `https://${NAME}:${port}` }] as const
  })
  const edge = { ...snapshot.edge, tls, sites: Object.fromEntries(sites) }
  assert.deepEqual(await reloadEdge(deps, writeNext(config, renderEdge({ ...snapshot, edge }, {}))), {
    ok: true,
  })
  rig.setPolicy({ edge })
}

async function scan(site: Scanned): Promise<readonly Finding[]> {
  const tool = debianTool('testssl.sh')
  const [file, folder] = [inFolder(`${site}.json`), rig.edge.config.dataDir]
  const args = ['--quiet', '--warnings', 'off', '--color', '0', '--overwrite', '--jsonfile', file]
  args.push('--ip', '127.0.0.1', '--nodns', 'none', '--openssl', '/usr/bin/openssl')
  args.push(
    '--add-ca',
    inFolder('corporate-ca.pem'),
    ...(site === 'api' ? ['--mtls', inFolder('client.pem')] : []),
  )
  args.push(`https://${NAME}:${rig.ports[site]}`)
  // It wants a program that asks DNS, and is told to ask nothing.
  writeFileSync(inFolder('host'), '#!/bin/sh\nexit 1\n', { mode: 0o700 })
  const env = {
    PATH: [folder, process.env.PATH].join(delimiter),
    HOME: folder,
    TESTSSL_INSTALL_DIR: join(tool, 'etc', 'testssl'),
  }
  const options = { env, cwd: folder, timeout: SCAN_WITHIN_MS, maxBuffer: 10_000_000 }
  const said = await new Promise<string>(resolve => {
    // Its exit code counts findings.
    execFile(join(tool, 'usr', 'bin', 'testssl'), args, options, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
  const findings = JSON.parse(readFileSync(file, 'utf8')) as readonly Finding[]
  assert.ok(findings.length >= FINDINGS_AT_LEAST, `it did not come to its end:\n${said.slice(-3_000)}`)
  return findings
}

for (const [site, tls12] of [
  ['api', /^not offered/],
  ['dashboard', /^offered/],
  ['hooks', /^offered/],
] as const) {
  test(`testssl.sh finds nothing of severity LOW or above on the ${site} site but what has a reason`, {
    skip,
  }, async t => {
    const findings = await scan(site)
    const of = (id: string) => findings.find(one => one.id === id)?.finding ?? ''
    assert.match(of('TLS1_3'), /^offered/)
    assert.match(of('TLS1_2'), tls12)
    const bad = findings.filter(({ severity }) => /^(LOW|MEDIUM|HIGH|CRITICAL)$/.test(severity))
    t.diagnostic(`${findings.length} findings; left: ${bad.map(({ id }) => id).join()}`)
    assert.deepEqual(
      bad.filter(({ id }) => !Object.hasOwn(LEFT, id.split(' ')[0] ?? '')),
      [],
    )
  })
}
