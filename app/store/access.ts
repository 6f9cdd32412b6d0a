import type { Disk } from './disk.ts'
import type { Source } from './writer/transaction.ts'
import type { Writer } from './writer/writer.ts'

/** What the parts of the store are built from: reads on a read-only connection of this thread, writes through the writer. */
export type Access = {
  readonly reader: Source
  readonly writer: Pick<Writer, 'run' | 'onCommit' | 'onFailure'>
  readonly now: () => Date
  readonly disk: Disk
}
