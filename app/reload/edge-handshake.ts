import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reasonOf } from '../lib/error.ts'
import { privateFolder, replaceFile } from '../lib/replace-file.ts'
import { renderContents } from '../policy/render-contents.ts'
import { type EdgeFacts, edgeDigest, renderEdge } from '../policy/render-edge.ts'
import type { PolicySnapshot } from '../policy/snapshot.ts'

export type EdgeAnswer =
  | { readonly ok: true; readonly reloaded: boolean }
  /** `silent`: it said nothing in time, and may yet do what it was asked. */
  | { readonly ok: false; readonly error: string; readonly silent: boolean }

/** The app's half of the agreement with the edge side, which alone holds Caddy. */
export type EdgeHandshake = {
  /** Has the edge side put this snapshot's part in force. Asks nothing when that is so already. */
  put(snapshot: PolicySnapshot): Promise<EdgeAnswer>
  /** The same, asked in any case: for the part from before, when what came after the edge failed. */
  putBack(snapshot: PolicySnapshot): Promise<EdgeAnswer>
  /**
   * Another word for each content of the files that this snapshot's part names, when it is another than the edge side has read;
   * undefined when it is not, and while nobody knows what it has read.
   */
  news(snapshot: PolicySnapshot): string | undefined
}

export type HandshakeDeps = {
  /** The folder that both sides see: `next/` for parts, `result/` for what became of them. */
  readonly folder: string
  readonly secretsDir: string
  readonly facts: EdgeFacts
  /**
   * The edge side was handed its files when it started, and keeps those whatever the app sees in their place by now: each part
   * says what the app has read, and the edge side agrees to none while it has something else.
   */
  readonly hasOwnFiles: boolean
  /** What the edge side started with. */
  readonly started: PolicySnapshot
  /**
   * Reads the client CA and the files of the hop, and answers what takes them up. Caddy reads its own of them whenever it loads a
   * part, so that the app does with each agreement, and not without one. Throws when one cannot be used.
   */
  readonly readTrust: () => () => void
  /** How long the edge side may take; 10 s when absent. */
  readonly withinMs?: number
}

type Part = { readonly text: string; readonly digest: string; readonly fingerprint: string }

const WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50
const NO_ANSWER = 'the edge side has not answered'
const FILE_MODE = 0o600
/** Read on one side or the other, under every policy. */
const TRUST = ['client-ca.pem', 'internal-ca.pem', 'app.pem', 'proxy.pem'].map(name => `secret:${name}`)
/** The fingerprint of no part. */
const UNKNOWN = ''

/**
 * A part is handed over as `next/<digest>.caddy` and answered by `result/<digest>.json`. After an agreement these two are
 * the only ones left, and `loaded` names what Caddy read with them. While Caddy is asked, that is nothing: should this process
 * end then, the next one asks again.
 */
export function createEdgeHandshake(deps: HandshakeDeps): EdgeHandshake {
  const started = partOf(deps.started, deps)
  let inForce: string | undefined

  function known(): string | undefined {
    const atStart = () => (answerTo(started, deps)?.ok === true ? started.fingerprint : undefined)
    return inForce ?? loadedBefore(deps) ?? atStart()
  }

  function news(snapshot: PolicySnapshot): string | undefined {
    const read = known()
    if (read === undefined || read === UNKNOWN) return undefined
    const { fingerprint } = partOf(snapshot, deps)
    return fingerprint === read ? undefined : fingerprint
  }

  async function put(snapshot: PolicySnapshot): Promise<EdgeAnswer> {
    const part = partOf(snapshot, deps)
    inForce ??= known() ?? UNKNOWN
    if (inForce !== part.fingerprint) return ask(part)
    leaveTraces(part)
    return { ok: true, reloaded: false }
  }

  async function ask(part: Part): Promise<EdgeAnswer> {
    try {
      const takeUp = deps.readTrust()
      keepLoaded(UNKNOWN, deps)
      const answer = await exchange(part, deps)
      if (answer.ok) takeUp()
      return settled(part, answer)
    } catch (error) {
      return { ok: false, error: reasonOf(error), silent: false }
    }
  }

  function settled(part: Part, answer: Answer): EdgeAnswer {
    if (answer.ok) inForce = part.fingerprint
    else if (answer.silent) inForce = UNKNOWN // it may yet do what it was asked
    leaveTraces(answer.ok ? part : undefined)
    return answer.ok ? { ok: true, reloaded: true } : answer
  }

  /** For the next process. Where nothing can be written it only has to ask once more. */
  function leaveTraces(part: Part | undefined): void {
    try {
      keepLoaded(inForce ?? UNKNOWN, deps)
      if (part !== undefined) leaveOnly(part, deps)
    } catch {}
  }

  return { put, putBack: snapshot => ask(partOf(snapshot, deps)), news }
}

/** Hands the first part over, for an edge side that takes the newest one when it starts, and reads every file anew. */
export function leaveForEdge(deps: HandshakeDeps): void {
  const part = partOf(deps.started, deps)
  forgetAnswer(part, deps)
  handOver(deps.folder, part.text)
  rmSync(loadedFile(deps), { force: true })
}

function handOver(folder: string, part: string): void {
  for (const name of ['next', 'result']) privateFolder(join(folder, name))
  replaceFile(join(folder, 'next', `${edgeDigest(part)}.caddy`), part, FILE_MODE)
}

type Answer = { readonly ok: true } | { readonly ok: false; readonly error: string; readonly silent: boolean }

async function exchange(part: Part, deps: HandshakeDeps): Promise<Answer> {
  const next = join(deps.folder, 'next', `${part.digest}.caddy`)
  forgetAnswer(part, deps)
  handOver(deps.folder, part.text)
  const deadline = performance.now() + (deps.withinMs ?? WITHIN_MS)
  for (;;) {
    const answer = answerTo(part, deps)
    if (answer?.ok === true) return answer
    if (answer !== undefined || performance.now() > deadline) {
      rmSync(next, { force: true }) // or an edge side that starts later would take it for the newest
      return answer ?? { ok: false, error: NO_ANSWER, silent: true }
    }
    await sleep(LOOK_EVERY_MS)
  }
}

function answerTo(part: Part, deps: HandshakeDeps): Answer | undefined {
  try {
    const said: unknown = JSON.parse(readFileSync(resultFile(part, deps), 'utf8'))
    if (typeof said !== 'object' || said === null || !('ok' in said)) return undefined
    if (said.ok === true) return { ok: true }
    return { ok: false, error: 'error' in said ? String(said.error) : 'no reason given', silent: false }
  } catch {
    return undefined // not there yet
  }
}

/** It is of an earlier time: what it said may not be so any more. */
function forgetAnswer(part: Part, deps: HandshakeDeps): void {
  rmSync(resultFile(part, deps), { force: true })
}

function resultFile({ digest }: Part, { folder }: HandshakeDeps): string {
  return join(folder, 'result', `${digest}.json`)
}

function leaveOnly({ digest }: Part, { folder }: HandshakeDeps): void {
  for (const name of ['next', 'result'])
    for (const file of readdirSync(join(folder, name)))
      if (!file.startsWith(digest)) rmSync(join(folder, name, file), { force: true })
}

function loadedFile({ folder }: Pick<HandshakeDeps, 'folder'>): string {
  return join(folder, 'loaded')
}

function loadedBefore(deps: HandshakeDeps): string | undefined {
  return existsSync(loadedFile(deps)) ? readFileSync(loadedFile(deps), 'utf8') : undefined
}

function keepLoaded(fingerprint: string, deps: HandshakeDeps): void {
  if (loadedBefore(deps) !== fingerprint) replaceFile(loadedFile(deps), fingerprint, FILE_MODE)
}

/** The fingerprint covers the contents of the files that the configuration names: Caddy reads them when it loads the part. */
function partOf(snapshot: PolicySnapshot, { facts, secretsDir, hasOwnFiles }: HandshakeDeps): Part {
  const configuration = renderEdge(snapshot, facts)
  const withContents = configuration + renderContents(contentsOf(snapshot, secretsDir))
  const text = hasOwnFiles ? withContents : configuration
  return { text, digest: edgeDigest(text), fingerprint: edgeDigest(withContents) }
}

/**
 * The digest of each file by its reference. What the policy names and the app cannot read (any more) counts as empty, which the
 * edge side will not have; of the others one that is for the edge side alone is left out, and counts as one that never changes.
 */
function contentsOf(snapshot: PolicySnapshot, secretsDir: string): ReadonlyMap<string, string> {
  const digests = new Map<string, string>()
  for (const ref of [...TRUST, ...namedSecrets(snapshot)]) {
    const name = /^secret:(.+)$/.exec(ref)?.[1]
    const content = contentOf(name === undefined ? ref.slice('file:'.length) : join(secretsDir, name))
    if (content === undefined && TRUST.includes(ref)) continue
    digests.set(
      ref,
      createHash('sha256')
        .update(content ?? '')
        .digest('hex'),
    )
  }
  return digests
}

function contentOf(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

function namedSecrets({ edge }: PolicySnapshot): readonly string[] {
  return [...edge.basicAuthUsers.values(), ...namedFor(edge.tls)].sort()
}

function namedFor(tls: PolicySnapshot['edge']['tls']): readonly string[] {
  if (tls.mode === 'files') return [tls.certificate, tls.key]
  return tls.mode === 'acme' && tls.caRoot !== undefined ? [tls.caRoot] : []
}
