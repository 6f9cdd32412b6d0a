import type { Kind } from '../shape/schemas.ts'
import type { PolicySnapshot } from '../snapshot.ts'
import { type Change, type ChangeClass, type FieldChange, unite } from './change.ts'
import { compareFields, type Field, type Sides } from './field.ts'

/**
 * The fields that compare each member of `T`; none for a member that names the object, or follows from others. A member
 * that is added to `T` and not judged here is a type error.
 */
export type Rows<T> = { readonly [Member in keyof T]-?: readonly Field<T>[] }

/** Objects of one noun: how to find them, and what it means when one comes, goes, or changes. */
export type Section<T> = {
  readonly kind: Kind
  readonly noun: string
  all(snapshot: PolicySnapshot): ReadonlyMap<string, T>
  readonly rows: Rows<T>
  added(object: T, sides: Sides): readonly ChangeClass[]
  removed(object: T, sides: Sides): readonly ChangeClass[]
  /** What happens to what the appliance remembers of it, beside what its members say. */
  stateOf?(happened: Happened<T>): readonly string[]
}

/** An object that came (no `from`), went (no `to`), or changed. */
export type Happened<T> = {
  readonly from?: T
  readonly to?: T
  readonly fields: readonly FieldChange[]
  readonly classes: readonly ChangeClass[]
}

/** All changes of one section. */
export type Compare = (sides: Sides) => readonly Change[]

/** What a policy has exactly once, and therefore without a name. */
export function once<T>(
  part: Pick<Section<T>, 'kind' | 'noun' | 'rows' | 'stateOf'> & { read(snapshot: PolicySnapshot): T },
): Compare {
  const { read, ...rest } = part
  const never = () => [] // it is always there
  return section({ ...rest, all: snapshot => new Map([['', read(snapshot)]]), added: never, removed: never })
}

export function section<T>(part: Section<T>): Compare {
  const fields = (Object.values(part.rows) as readonly (readonly Field<T>[])[]).flat()
  const about = (name: string) => ({
    kind: part.kind,
    noun: part.noun,
    ...(name === '' ? {} : { name }),
  })
  return sides => {
    const [before, after] = [part.all(sides.from), part.all(sides.to)]
    const names = [...new Set([...before.keys(), ...after.keys()])].sort()
    return names.flatMap((name): readonly Change[] => {
      const [from, to] = [before.get(name), after.get(name)]
      if (from === undefined && to === undefined) return []
      if (from === undefined) return [{ ...about(name), ...whole(to as T, 'add', sides) }]
      if (to === undefined) return [{ ...about(name), ...whole(from, 'delete', sides) }]
      const changed = compareFields(fields, { from, to }, sides)
      return changed.length === 0 ? [] : [{ ...about(name), ...changeOf(changed, from, to) }]
    })
  }

  type Told = Omit<Change, 'kind' | 'noun' | 'name'>

  function whole(object: T, action: 'add' | 'delete', sides: Sides): Told {
    const classes = unite([(action === 'add' ? part.added : part.removed)(object, sides)])
    const shown = fields.flatMap((field): FieldChange[] => {
      const text = field.text(object)
      if (text === undefined) return []
      return [{ path: field.path, ...(action === 'add' ? { to: text } : { from: text }), classes: [] }]
    })
    const happened = { ...(action === 'add' ? { to: object } : { from: object }), fields: shown, classes }
    return { action, classes, fields: shown, state: part.stateOf?.(happened) ?? [] }
  }

  function changeOf(changed: readonly FieldChange[], from: T, to: T): Told {
    const classes = unite(changed.map(field => field.classes))
    const told = fields.filter(
      ({ path, state }) => state !== undefined && changed.some(one => one.path === path),
    )
    const state = [
      ...told.map(field => field.state ?? ''),
      ...(part.stateOf?.({ from, to, fields: changed, classes }) ?? []),
    ]
    return { action: 'change', classes, fields: changed, state: [...new Set(state)] }
  }
}

/** One sentence for what comes, and one for what goes. */
export function stateOf<T>(came: string, went: string): (happened: Happened<T>) => readonly string[] {
  return ({ from, to }) => (from === undefined ? [came] : to === undefined ? [went] : [])
}
