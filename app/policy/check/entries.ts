import type { Diagnostic } from '../diagnostic.ts'
import { isRecord, isUnder, type Path } from '../read/document.ts'
import type { Shape } from '../shape/check-shape.ts'
import { diagnosticOf, type Fault } from '../shape/fault.ts'

/** One declared object, as it stands in its document: nothing about it is certain but that it is a map. */
export type Entry = {
  readonly shape: Shape
  readonly path: Path
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
}

/** The objects under `spec.<member>` (or under `spec` itself) of every document of a kind. */
export function entriesOf(shapes: readonly Shape[], kind: string, member?: string): readonly Entry[] {
  return shapes.flatMap(shape => {
    const { value } = shape.document
    const spec = isRecord(value) ? value.spec : undefined
    const holder = member === undefined ? spec : isRecord(spec) ? spec[member] : undefined
    if (shape.document.kind !== kind || !isRecord(holder)) return []
    const start = member === undefined ? ['spec'] : ['spec', member]
    return Object.entries(holder).flatMap(([name, entry]): Entry[] => {
      const path = [...start, name]
      const usable =
        isRecord(entry) && !name.startsWith('x-') && !shape.failed.some(failed => isUnder(path, failed))
      return usable ? [{ shape, path, name, value: entry }] : []
    })
  })
}

/** An entry with something that no other entry may have. */
export type Keyed = Entry & { readonly key: string }

/** A fault for each entry whose key an earlier one has already. */
export function repeats(
  entries: readonly Keyed[],
  explain: (entry: Keyed, first: Keyed) => Omit<Fault, 'path' | 'at'>,
): readonly Diagnostic[] {
  const first = new Map<string, Keyed>()
  const found: Diagnostic[] = []
  for (const entry of entries) {
    const before = first.get(entry.key)
    if (before === undefined) first.set(entry.key, entry)
    else found.push(tell(entry, { ...explain(entry, before), path: entry.path, at: 'value' }))
  }
  return found
}

/** A fault of an entry, as an error. */
export function tell({ shape }: Entry, fault: Fault): Diagnostic {
  return diagnosticOf(shape.document, fault)
}

/** A fault of an entry that keeps nothing from starting. */
export function warn(entry: Entry, fault: Fault): Diagnostic {
  return tell(entry, { ...fault, severity: 'warning' })
}
