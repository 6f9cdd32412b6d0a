import type { Access } from './access.ts'
import { getMeta } from './tables/meta.ts'

/** Small named values of the appliance itself: the policy revision, the sandbox mark. Stored in clear; names do not begin with `store.`. */
export type MetaStore = {
  get(name: string): Promise<string | undefined>
  set(name: string, value: string): Promise<void>
}

export function createMetaStore({ reader, writer }: Access): MetaStore {
  return {
    get: async name => getMeta(reader, name),
    set: (name, value) => writer.run('meta.set', { name, value }),
  }
}
