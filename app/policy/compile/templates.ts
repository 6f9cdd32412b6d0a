import type { Template } from '../../model/template.ts'
import type { Declared } from './declared.ts'
import { mapOf } from './values.ts'

/** The templates by name; one that declares no parameters asks for none. */
export function compileTemplates({ templates }: Declared): ReadonlyMap<string, Template> {
  return mapOf(templates, ({ language, body, parameters = {} }, name) => {
    const kept = Object.entries(parameters).filter(([parameter]) => !parameter.startsWith('x-'))
    return { name, language, body, parameters: Object.fromEntries(kept) }
  })
}
