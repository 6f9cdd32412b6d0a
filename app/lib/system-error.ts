/** What the operating system refused, in words for a person, with what to do about it. */
const MEANINGS: Readonly<Record<string, (path: string) => string>> = {
  EACCES: path =>
    `${path} may not be read or written by this user: start as its owner, or use another folder`,
  EPERM: path => `${path} may not be changed by this user: start as its owner, or use another folder`,
  EROFS: path => `${path} is on a read-only file system: use a folder that can be written`,
  ENOSPC: path => `no space is left on the disk of ${path}: make room, and start again`,
  EDQUOT: path => `this user's share of the disk of ${path} is used up: make room, and start again`,
  ENOTDIR: path => `${path} is not below a folder, a part of that path is a file: name another`,
  ENOENT: path => `${path} cannot be had, because a folder of that path is missing: make it, or name another`,
  EMFILE: () => 'this process may open no more files: raise the limit (ulimit -n), and start again',
}

/** The sentence for an error of Node's file system calls; undefined for every other error. */
export function explainSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'the data or temporary folder'
  return MEANINGS[String(error.code)]?.(path)
}
