import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Command } from 'commander'
import { replaceFile } from '../../lib/replace-file.ts'
import { ANY_KIND, anyKindSchema, editorMapping } from '../../policy/shape/any-kind.ts'

const SCHEMAS = join(import.meta.dirname, '..', '..', 'policy', 'schemas')
const FILE_MODE = 0o644

/** `postern policy schema`. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('the JSON Schemas that check uses, for editors: print one for all kinds, or write a folder')
    .option('--out <dir>', 'write them there, with the settings that point an editor at them')
    .addHelpText('after', '\nExample:\n  ./postern policy schema --out .vscode/postern\n')
    .action(({ out }: { readonly out?: string }) => {
      if (out === undefined) console.log(JSON.stringify(anyKindSchema(), null, 2))
      else writeSchemas(out)
    })
}

/** References between schemas are relative, so that they lie side by side. */
function writeSchemas(out: string): void {
  mkdirSync(out, { recursive: true })
  for (const name of readdirSync(SCHEMAS)) copyFileSync(join(SCHEMAS, name), join(out, name))
  replaceFile(join(out, ANY_KIND), asText(anyKindSchema()), FILE_MODE)
  const folder = `./${relative(process.cwd(), out).replaceAll('\\', '/')}`
  const settings = join(out, 'settings.json')
  replaceFile(settings, asText(editorMapping(folder, 'policies')), FILE_MODE)
  console.log(`Wrote the schemas to ${out}. For VS Code take ${settings} into .vscode/settings.json.`)
}

function asText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
