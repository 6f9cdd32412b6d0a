import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type LockFile, licenceList, productionPackages } from './supply-chain/licences.ts'

/*
 * What a release is made of:
 *
 *   node scripts/supply-chain.ts FOLDER    writes sbom.cdx.json (CycloneDX, by npm) and licences.md into FOLDER
 *
 * From the lock file alone: nothing is fetched. scripts/supply-chain/README.md says what is to be done about it.
 */
const ROOT = dirname(import.meta.dirname)
const SBOM_WITHIN_MS = 5 * 60_000

/** Writes both files for the packages that run in production, and answers their paths. */
export function writeSupplyChain(folder: string): { readonly sbom: string; readonly licences: string } {
  mkdirSync(folder, { recursive: true })
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as LockFile
  const licences = join(folder, 'licences.md')
  writeFileSync(licences, licenceList(productionPackages(lock)))
  const sbom = join(folder, 'sbom.cdx.json')
  const args = ['sbom', '--omit=dev', '--package-lock-only', '--sbom-format=cyclonedx']
  writeFileSync(
    sbom,
    execFileSync('npm', args, { cwd: ROOT, timeout: SBOM_WITHIN_MS, maxBuffer: 64 * 1_024 * 1_024 }),
  )
  return { sbom, licences }
}

if (import.meta.main) {
  const folder = process.argv[2]
  if (folder === undefined) {
    console.error('usage: node scripts/supply-chain.ts FOLDER')
    process.exit(2)
  }
  const { sbom, licences } = writeSupplyChain(resolve(folder))
  console.log(`${sbom}\n${licences}`)
}
