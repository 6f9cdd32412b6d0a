import { Worker } from 'node:worker_threads'
import { PosternError, reasonOf } from '../../lib/error.ts'
import type { Log } from '../../lib/log.ts'
import type { Topic } from '../store.ts'
import type { Arguments, OperationName, Result } from './operations.ts'
import type { Answer, FromThread, Request, ToThread, WriterStart } from './protocol.ts'

export type CommitListener = (topics: ReadonlySet<Topic>) => void
export type FailureListener = (error: PosternError) => void

type Waiting = { resolve(value: unknown): void; reject(error: PosternError): void }

/** The main thread's side of the writer: hands writes over and settles their promises once they are committed. */
export class Writer {
  readonly #worker: Worker
  readonly #log: Log
  readonly #waiting = new Map<number, Waiting>()
  readonly #commitListeners = new Set<CommitListener>()
  readonly #failureListeners = new Set<FailureListener>()
  readonly #ready = Promise.withResolvers<void>()
  readonly #closed = Promise.withResolvers<void>()
  #outgoing: Request[] = []
  #nextId = 1
  /** Why nothing can be written any more. */
  #ended: PosternError | undefined
  #started = false
  #closing = false

  /** Resolves once the thread has its connection. */
  static async start(start: WriterStart, log: Log): Promise<Writer> {
    const writer = new Writer(start, log)
    await writer.#ready.promise
    return writer
  }

  private constructor(start: WriterStart, log: Log) {
    this.#log = log
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: start,
      name: 'postern-writer',
    })
    this.#worker.on('message', (message: FromThread) => this.#heard(message))
    this.#worker.on('error', error => this.#died(error))
    this.#worker.on('exit', () => this.#exited())
  }

  /** Resolves with the result after COMMIT. Rejects with `store.closed`, `store.writer_died` or what the write failed with. */
  run<Name extends OperationName>(name: Name, args: Arguments<Name>): Promise<Result<Name>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = this.#nextId++
    // What is asked for in one turn of the main thread travels in one message.
    if (this.#outgoing.push({ id, name, args }) === 1) queueMicrotask(() => this.#flush())
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject })
    return promise as Promise<Result<Name>>
  }

  onCommit(listener: CommitListener): () => void {
    this.#commitListeners.add(listener)
    return () => void this.#commitListeners.delete(listener)
  }

  onFailure(listener: FailureListener): () => void {
    this.#failureListeners.add(listener)
    return () => void this.#failureListeners.delete(listener)
  }

  /** Commits what is queued, checkpoints, closes and ends the thread. */
  close(): Promise<void> {
    if (this.#closing || this.#ended !== undefined) return this.#closed.promise
    this.#closing = true
    this.#ended = new PosternError('store.closed', 'the store is closed: the appliance is stopping')
    this.#flush()
    this.#tell({ kind: 'close' })
    return this.#closed.promise
  }

  #flush(): void {
    const requests = this.#outgoing
    this.#outgoing = []
    if (requests.length === 0) return
    try {
      this.#tell({ kind: 'write', requests })
    } catch {
      for (const request of requests) this.#post(request) // one of them cannot cross; the others shall
    }
  }

  #post(request: Request): void {
    try {
      this.#tell({ kind: 'write', requests: [request] })
    } catch (cause) {
      const message = `${request.name} was given something that is no plain value`
      this.#waiting.get(request.id)?.reject(new PosternError('store.failed', message, { cause }))
      this.#waiting.delete(request.id)
    }
  }

  #tell(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  #heard(message: FromThread): void {
    if (message.kind === 'ready') {
      this.#started = true
      this.#ready.resolve()
      return
    }
    for (const answer of message.answers) this.#settle(answer)
    this.#announce(message.topics)
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.ok) waiting?.resolve(answer.value)
    else waiting?.reject(new PosternError(answer.code, answer.message))
  }

  #announce(topics: ReadonlySet<Topic>): void {
    if (topics.size === 0) return
    for (const listener of [...this.#commitListeners]) {
      try {
        listener(topics)
      } catch (error) {
        this.#log.error('store.listener_threw', { reason: reasonOf(error) })
      }
    }
  }

  #exited(): void {
    if (this.#closing && this.#waiting.size === 0) this.#closed.resolve()
    else this.#died(new Error('it ended'))
  }

  /** The thread ended without being asked: what it has not acknowledged may or may not be on the disk. */
  #died(cause: unknown): void {
    if (this.#ended?.code === 'store.writer_died') return
    const reason = reasonOf(cause)
    const error = new PosternError('store.writer_died', `the store's writer has died (${reason})`, { cause })
    this.#ended = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
    this.#closed.resolve()
    if (!this.#started) {
      this.#ready.reject(error)
      return
    }
    this.#log.error('store.writer_died', { reason })
    if (this.#failureListeners.size === 0) throw error // nobody decides: the process ends and is started again
    for (const listener of [...this.#failureListeners]) listener(error)
  }
}
