import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, moduleOf } from './operations.ts'

/** `node scripts/clients/typescript/generate.ts openapi.json`, with what `GET /v1/openapi.json` answers. */
const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('name the file that has the OpenAPI document')
const document = JSON.parse(readFileSync(file, 'utf8')) as Document
writeFileSync(join(import.meta.dirname, 'generated', 'postern.ts'), moduleOf(document))
