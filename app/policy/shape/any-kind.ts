import { KINDS } from './schemas.ts'

/** The name of the file beside the schemas of the kinds that editors are pointed at. */
export const ANY_KIND = 'policy.json'

/** One schema for whole folders: what a document must be follows from its `kind`. */
export function anyKindSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: ANY_KIND,
    title: 'A policy document of Postern',
    type: 'object',
    properties: { kind: { enum: KINDS } },
    required: ['kind'],
    allOf: KINDS.map(kind => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
      then: { $ref: schemaFile(kind) },
    })),
  }
}

/** Settings of VS Code, which the extension for YAML reads; `folder` is where the schemas lie. */
export function editorMapping(folder: string, policies: string): object {
  const files = ['yaml', 'yml'].map(ending => `${policies}/**/*.${ending}`)
  return { 'yaml.schemas': { [`${folder}/${ANY_KIND}`]: files }, 'yaml.yamlVersion': '1.2' }
}

function schemaFile(kind: string): string {
  return `${kind.toLowerCase()}.json`
}
