import type { PolicyFile } from '../../model/policy-file.ts'
import { type ReadFile, readYaml } from '../read/yaml.ts'
import { checkShape, type Shape } from './check-shape.ts'

/** What a file says by itself, whatever the others say. */
export type Reading = ReadFile & { readonly shapes: readonly Shape[] }

/** Reads all files of a set. Readings are values: who gets one changes nothing in it. */
export type ReadFiles = (files: readonly PolicyFile[]) => readonly Reading[]

export const readFiles: ReadFiles = files => files.map(readFile)

/**
 * Reads like `readFiles`, and reads no file twice that is as it was the last time: of a set of which one file was edited, that
 * one. It keeps the readings of the last set alone, for each takes some fifty times the room of its text.
 */
export function rememberingReader(): ReadFiles {
  let last: ReadonlyMap<string, { readonly text: string; readonly reading: Reading }> = new Map()
  return files => {
    const read = files.map(file => {
      const known = last.get(file.name)
      const reading = known?.text === file.text ? known.reading : readFile(file)
      return { ...file, reading }
    })
    last = new Map(read.map(one => [one.name, one]))
    return read.map(({ reading }) => reading)
  }
}

function readFile(file: PolicyFile): Reading {
  const read = readYaml(file)
  return { ...read, shapes: read.documents.map(checkShape) }
}
