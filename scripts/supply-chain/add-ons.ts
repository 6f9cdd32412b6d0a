import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Licensed } from './licences.ts'

/** What app/Dockerfile takes out of the images: it arrives as a peer of Baileys and is never loaded. */
export const REMOVED_FROM_IMAGES = ['node_modules/sharp', 'node_modules/@img']

/** Compiled add-ons among the installed packages that images are made of; paths below `root`. */
export function nativeAddOns(root: string, packages: readonly Licensed[]): readonly string[] {
  return packages
    .filter(
      ({ folder }) => !REMOVED_FROM_IMAGES.some(gone => folder === gone || folder.startsWith(`${gone}/`)),
    )
    .filter(({ folder }) => existsSync(join(root, folder)))
    .flatMap(({ folder }) => addOnsIn(join(root, folder)).map(file => join(folder, file)))
}

/** Packages inside it have entries of their own in the lock file. */
function addOnsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    file => file.endsWith('.node') && !file.includes('node_modules/'),
  )
}
