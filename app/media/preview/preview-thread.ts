import { Worker } from 'node:worker_threads'
import { reasonOf } from '../../lib/error.ts'
import type { Preview, StoredFile } from '../../model/media.ts'

/** A file to be looked at, which the thread opens by itself: nothing of it passes through the main thread. */
export type Errand = {
  readonly subject: 'picture' | 'sound' | 'film'
  readonly path: string
  readonly file: StoredFile
  readonly mimeType: string
}

export type Report =
  | { readonly kind: 'seen'; readonly preview: Preview }
  | { readonly kind: 'none'; readonly reason: string }

export type Patience = {
  /** From the question to its answer, waiting in line included. */
  readonly withinMs: number
  /** So long after its last answer the thread ends. */
  readonly idleMs: number
}

/** Of the thread's heap; what decoded pictures take lies outside it, and afford.ts bounds that. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 }

/**
 * The thread in which files are decoded, one at a time: whatever a file does to its decoder is done there and ends with it.
 * It is there only while it is needed.
 */
export class PreviewThread {
  readonly #patience: Patience
  #worker: Worker | undefined
  #line: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #idle: NodeJS.Timeout | undefined
  #stopped = false

  constructor(patience: Patience = { withinMs: 10_000, idleMs: 2_000 }) {
    this.#patience = patience
  }

  /** Never rejects. */
  async look(errand: Errand): Promise<Report> {
    const deadline = performance.now() + this.#patience.withinMs
    this.#waiting += 1
    const turn = this.#line
      .then(() => this.#send(errand, deadline - performance.now()))
      .catch((error: unknown): Report => ({ kind: 'none', reason: reasonOf(error) }))
    this.#line = turn
    const report = await turn
    this.#waiting -= 1
    if (report.kind === 'none')
      void this.#end() // nobody knows in what state its decoder is
    else if (this.#waiting === 0) this.#rest()
    return report
  }

  /** What waits is not looked at any more. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#end()
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  async #send(errand: Errand, withinMs: number): Promise<Report> {
    if (this.#stopped) return { kind: 'none', reason: 'the appliance is stopping' }
    if (withinMs <= 0) return { kind: 'none', reason: 'its turn did not come in time' }
    clearTimeout(this.#idle)
    const worker = this.#worker ?? this.#start()
    const { promise, resolve } = Promise.withResolvers<Report>()
    const giveUp = (reason: string) => resolve({ kind: 'none', reason })
    const failed = (error: Error) => giveUp(`its thread failed: ${error.message}`)
    const ended = () => giveUp('its thread ended without an answer')
    const patience = setTimeout(() => {
      giveUp('it was not done in time')
      void this.#end()
    }, withinMs)
    worker.once('message', resolve).once('error', failed).once('exit', ended)
    worker.postMessage(errand)
    const report = await promise
    clearTimeout(patience)
    worker.off('message', resolve).off('error', failed).off('exit', ended)
    return report
  }

  #rest(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.#end(), this.#patience.idleMs).unref()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      ...{ name: 'postern-previews', resourceLimits: LIMITS, stdout: true, stderr: true },
    })
    for (const stream of [worker.stdout, worker.stderr]) stream.resume() // decoders complain there
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined
    }
    worker.on('error', forget).once('exit', forget)
    worker.unref() // who has sent an errand waits with a timer
    this.#worker = worker
    return worker
  }
}
