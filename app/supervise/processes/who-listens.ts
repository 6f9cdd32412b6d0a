import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

const LISTENING = '0A'

/** Who listens on a TCP port of this machine, as `caddy (process 1234)`; undefined when it cannot be seen. */
export function whoListens(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap(table => inodesIn(table, port)))
  if (inodes.size === 0) return undefined
  for (const pid of list('/proc').filter(name => /^\d+$/.test(name))) {
    const holds = list(`/proc/${pid}/fd`).some(fd => inodes.has(socketOf(`/proc/${pid}/fd/${fd}`)))
    if (holds) return `${basename(target(`/proc/${pid}/exe`))} (process ${pid})`
  }
  return undefined
}

/** A row is `sl local_address rem_address st … inode`; an address ends with its port in hex. */
function inodesIn(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = read(table).split('\n').slice(1)
  return rows.flatMap(row => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/)
    return state === LISTENING && local.endsWith(suffix) ? [inode] : []
  })
}

function socketOf(link: string): string {
  return /^socket:\[(\d+)\]$/.exec(target(link))?.[1] ?? ''
}

/** Other people's processes cannot be looked into, and any may end meanwhile. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
