import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Document, parseAllDocuments } from 'yaml'
import { readPolicyFolder } from '../config/policy-folder.ts'
import { replaceFile } from '../lib/replace-file.ts'
import { parseSecretRef } from '../model/secret-ref.ts'
import { formatPolicy } from '../policy/fmt/format-policy.ts'

/** What `init` asks about. */
export type StarterAnswers = {
  /** Site name → `https://host[:port]`. */
  readonly addresses: Readonly<Record<string, string>>
  readonly tls: Readonly<Record<string, string>>
  /** Ranges beside this machine's own that may reach the sites; the network `office` of the policies. */
  readonly office: readonly string[]
  /** Who may open the dashboard: a user of basic auth, and a person of the same name. */
  readonly operator: string
}

type Path = readonly string[]

const OFFICE = 'office'
const FILE_MODE = 0o644

/** Copies the starter to an empty or missing folder and says whether it did. */
export function copyStarter(starter: string, policiesDir: string, schemas: string): boolean {
  mkdirSync(policiesDir, { recursive: true })
  if (readdirSync(policiesDir).length > 0) return false
  cpSync(starter, policiesDir, { recursive: true })
  const names = readdirSync(policiesDir, { recursive: true, encoding: 'utf8' })
  for (const name of names.filter(name => name.endsWith('.yaml'))) {
    const file = join(policiesDir, name)
    const pointer = `$schema=${relative(dirname(file), schemas)}/` // editors follow it from the file
    const text = readFileSync(file, 'utf8')
    replaceFile(
      file,
      text.replace(/\$schema=\S*\/(?=[a-z]+\.json)/g, () => pointer),
      FILE_MODE,
    )
  }
  return true
}

/** What the policies say already to each of the questions: the defaults of the next `init`. */
export async function readAnswers(policiesDir: string): Promise<StarterAnswers> {
  let answers: StarterAnswers = { addresses: {}, tls: { mode: 'internal' }, office: [], operator: 'admin' }
  await eachDocument(policiesDir, (kind, document) => {
    if (kind === 'Networks')
      answers = { ...answers, office: texts(valueAt(document, ['spec', OFFICE, 'cidrs'])) }
    if (kind !== 'Edge') return
    const sites = Object.keys(valueAt(document, ['spec', 'sites']) ?? {})
    const address = (site: string) => String(valueAt(document, ['spec', 'sites', site, 'address']))
    answers = {
      ...answers,
      addresses: Object.fromEntries(sites.map(site => [site, address(site)])),
      tls: (valueAt(document, ['spec', 'tls']) as Record<string, string> | undefined) ?? answers.tls,
      operator: texts(valueAt(document, ['spec', 'sites', 'dashboard', 'basicAuth']))[0] ?? answers.operator,
    }
  })
  return answers
}

/** Writes answers into the policies, comments kept, and names the files it changed. */
export async function applyAnswers(policiesDir: string, answers: StarterAnswers): Promise<readonly string[]> {
  const before = await readAnswers(policiesDir)
  return await eachDocument(policiesDir, (kind, document) => {
    if (kind === 'Edge') adaptEdge(document, answers, before)
    if (kind === 'Principals') adaptPrincipals(document, answers, before)
    if (kind === 'Networks' && answers.office.length > 0)
      put(document, ['spec', OFFICE], { cidrs: answers.office })
  })
}

/** Names of the secrets that hold the hashes of the dashboard's passwords. */
export async function passwordSecrets(policiesDir: string): Promise<readonly string[]> {
  const names: string[] = []
  await eachDocument(policiesDir, (kind, document) => {
    if (kind !== 'Edge') return
    for (const user of Object.keys(valueAt(document, ['spec', 'basicAuthUsers']) ?? {})) {
      const ref = parseSecretRef(String(valueAt(document, ['spec', 'basicAuthUsers', user, 'passwordRef'])))
      if (ref?.kind === 'secret') names.push(ref.name)
    }
  })
  return names
}

function adaptEdge(document: Document, answers: StarterAnswers, before: StarterAnswers): void {
  put(document, ['spec', 'tls'], answers.tls)
  for (const [site, address] of Object.entries(answers.addresses)) {
    if (!document.hasIn(['spec', 'sites', site])) continue
    put(document, ['spec', 'sites', site, 'address'], address)
    letOfficeIn(document, ['spec', 'sites', site], answers)
  }
  if (answers.operator === before.operator) return
  const users = ['spec', 'basicAuthUsers']
  put(document, ['spec', 'sites', 'dashboard', 'basicAuth'], [answers.operator])
  document.deleteIn([...users, before.operator])
  put(document, [...users, answers.operator], { passwordRef: `secret:basic-${answers.operator}` })
}

function adaptPrincipals(document: Document, answers: StarterAnswers, before: StarterAnswers): void {
  const people = ['spec', 'people']
  if (!document.hasIn([...people, answers.operator]) && document.hasIn([...people, before.operator])) {
    const person = valueAt(document, [...people, before.operator])
    document.deleteIn([...people, before.operator])
    put(document, [...people, answers.operator], person)
  }
  letOfficeIn(document, [...people, answers.operator], answers)
  letOfficeIn(document, ['spec', 'services', 'first-client'], answers)
}

/** Adds the network where one is named already; a list that is not there lets everybody in. */
function letOfficeIn(document: Document, path: Path, answers: StarterAnswers): void {
  const networks = texts(valueAt(document, [...path, 'networks']))
  if (answers.office.length === 0 || networks.length === 0 || networks.includes(OFFICE)) return
  put(document, [...path, 'networks'], [...networks, OFFICE])
}

/** Shows every document of the folder to `look` and writes back what it changed. Names the changed files. */
async function eachDocument(
  policiesDir: string,
  look: (kind: unknown, document: Document) => void,
): Promise<readonly string[]> {
  const changed: string[] = []
  for (const { name, text } of await readPolicyFolder(policiesDir)) {
    const documents = [...parseAllDocuments(text)]
    const before = JSON.stringify(documents)
    for (const document of documents) look(document.get('kind'), document)
    if (JSON.stringify(documents) === before) continue
    const after = documents.map(document => document.toString({ lineWidth: 0 })).join('')
    const outcome = formatPolicy({ name, text: after })
    const tidy = outcome.kind === 'formatted' ? outcome.text : after
    replaceFile(join(policiesDir, name), tidy, FILE_MODE)
    changed.push(name)
  }
  return changed
}

function put(document: Document, path: Path, value: unknown): void {
  if (JSON.stringify(valueAt(document, path)) === JSON.stringify(value)) return
  document.setIn(path, document.createNode(value, { flow: true }))
}

function valueAt(document: Document, path: Path): unknown {
  let value: unknown = document.toJS()
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
