import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The ways in which another text comes to lie under the path of a file. The last one makes the file a link, and only that way goes on. */
export const WAYS: readonly (readonly [way: string, put: (path: string, text: string) => void])[] = [
  ['written in place', (path, text) => writeFileSync(path, text)],
  [
    'renamed over',
    (path, text) => {
      writeFileSync(`${path}.swp`, text)
      renameSync(`${path}.swp`, path)
    },
  ],
  ['behind a link', putBehindLink],
]

/** As Kubernetes mounts a ConfigMap: the file is a link into `..data`, which is a link that changes where it leads. */
function putBehindLink(path: string, text: string): void {
  const at = (name: string) => join(dirname(path), name)
  const version = `..${performance.now()}`
  mkdirSync(at(version))
  writeFileSync(join(at(version), 'text'), text)
  symlinkSync(version, at('..next'))
  const isFirst = !existsSync(at('..data'))
  renameSync(at('..next'), at('..data'))
  if (!isFirst) return
  symlinkSync(join('..data', 'text'), at('..link'))
  renameSync(at('..link'), path)
}
