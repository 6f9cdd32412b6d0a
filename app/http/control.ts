import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createControlApplication } from './application.ts'
import type { HttpDeps } from './deps.ts'

/** The door for commands on the machine itself: a Unix socket that only the user who runs the app can open. */
export type Control = {
  /** Resolves once it answers. Rejects when there can be no socket at this path: too long, or a file system without them. */
  listen(path: string): Promise<void>
  close(): Promise<void>
}

const CLOSE_WITHIN_MS = 1_000

/**
 * Serves the routes of `/v1` to whoever can open the socket, as the principal `system` with every right: who may open it
 * can read the master key and change the policies anyway. Each act is in the audit chain under that name.
 */
export function createControl(deps: HttpDeps): Control {
  const closing = new AbortController()
  const server = createServer(createControlApplication(deps, closing.signal))

  function listen(path: string): Promise<void> {
    rmSync(path, { force: true }) // of a process that was killed: the store's lock says that it is dead
    const before = process.umask(0o177) // the socket is made by `listen`, so it is never open to others
    try {
      return new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(path, () => {
          server.off('error', reject)
          resolve()
        })
      })
    } finally {
      process.umask(before)
    }
  }

  function close(): Promise<void> {
    closing.abort()
    return new Promise(resolve => {
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      server.closeIdleConnections()
    })
  }

  return { listen, close }
}
