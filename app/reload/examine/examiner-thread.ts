import { Worker } from 'node:worker_threads'
import { PosternError } from '../../lib/error.ts'
import type { PolicyFile } from '../../model/policy-file.ts'
import type { Examined, Manner } from './examine.ts'
import type { Finding } from './findings.ts'
import type { Installation } from './installation.ts'

/** What goes to the thread and what comes back: plain data alone. */
export type Errand = { readonly files: readonly PolicyFile[]; readonly manner: Manner }
export type Report = { readonly examined: Examined; readonly findings: readonly Finding[] }

/**
 * The thread in which policies are examined. It is started by the first errand and stays, for half of what an examination of a
 * new thread takes is to get ready; and it remembers what it has read. One errand at a time.
 */
export class ExaminerThread {
  readonly #installation: Installation
  readonly #withinMs: number
  #worker: Worker | undefined

  constructor(installation: Installation, withinMs: number) {
    this.#installation = installation
    this.#withinMs = withinMs
  }

  /** Throws when the thread ends over it, or is not done in time: then the next errand starts another. */
  async send(errand: Errand): Promise<Report> {
    const worker = this.#worker ?? this.#start()
    const { promise, resolve, reject } = Promise.withResolvers<Report>()
    const giveUp = (why: string) => reject(new PosternError('policy.not_examined', why))
    const ended = () => giveUp('its thread ended without an answer')
    const patience = setTimeout(() => {
      giveUp(`it was not done after ${this.#withinMs} ms`)
      void this.stop()
    }, this.#withinMs)
    worker.once('message', resolve).once('error', reject).once('exit', ended)
    worker.postMessage(errand)
    try {
      return await promise
    } finally {
      clearTimeout(patience)
      worker.off('message', resolve).off('error', reject).off('exit', ended)
    }
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      ...{ workerData: this.#installation, name: 'postern-examiner' },
    })
    const forget = () => {
      if (this.#worker === worker) this.#worker = undefined
    }
    worker.on('error', forget).once('exit', forget) // the first comes well before the second; the errand under way tells of it
    worker.unref() // to wait for the next errand is no reason to stay; who has sent one waits with a timer
    this.#worker = worker
    return worker
  }
}
