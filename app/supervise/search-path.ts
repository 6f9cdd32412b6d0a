import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs of this name on a search path, the first one first. Folders that depend on where one stands do not count. */
export function programsOn(searchPath: string, name: string): readonly string[] {
  const folders = searchPath.split(delimiter).filter(folder => folder.startsWith('/'))
  return folders.map(folder => join(folder, name)).filter(isExecutable)
}

/** Whether this user may run it. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
