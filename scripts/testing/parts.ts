import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Need } from './needs.ts'

/** A part of the suite: a tool that passes or fails as a whole, or test files that count one by one. */
export type Part =
  | { readonly kind: 'tool'; readonly name: string; readonly args: readonly string[] }
  | {
      readonly kind: 'files'
      readonly name: string
      readonly folder: string
      /** Files that run at the same time: one more than small machines have cores, for tests wait; one where ports are fixed. */
      readonly concurrency: number
      readonly fileTimeoutMs: number
      /** The same with `--long`. */
      readonly longFileTimeoutMs: number
      readonly needs: readonly Need[]
      /** Runs side by side with the part before it: they wait for downloads, the disk and a page more than for the processor. */
      readonly beside: boolean
    }

const CHROMIUM: Need = { command: 'chromium', package: 'chromium' }
const CURL: Need = { command: 'curl', package: 'curl' }
const DEBOOTSTRAP: Need = { command: 'debootstrap', package: 'debootstrap' }
const ENGINE: Need = { command: 'dockerd', package: 'docker.io' }
const GIT: Need = { command: 'git', package: 'git' }
const IP: Need = { command: 'ip', package: 'iproute2' }
const UNITS: Need = { command: 'systemd-analyze', package: 'systemd' }

/** How much longer a file may take when it runs what takes minutes. */
const LONG_PATIENCE = 5

/** Every part, in the order in which they run: the quick ones first. Paths are relative to the repository. */
export const PARTS: readonly Part[] = [
  { kind: 'tool', name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { kind: 'tool', name: 'structure', args: ['--no-warnings', 'scripts/check-structure.ts'] },
  { kind: 'tool', name: 'lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  files('unit', { folder: 'test', concurrency: 3, minutes: 3, needs: [] }),
  files('gateway', { concurrency: 3, minutes: 4, needs: [CURL] }),
  files('rig', { concurrency: 3, minutes: 15, longMinutes: 180, needs: [] }),
  files('containers', { concurrency: 1, minutes: 9, needs: [CURL, ENGINE, DEBOOTSTRAP, IP, UNITS] }),
  files('fresh', { concurrency: 1, minutes: 12, needs: [DEBOOTSTRAP, GIT, IP], beside: true }),
  files('browser', { concurrency: 1, minutes: 4, needs: [CHROMIUM], beside: true }),
]

/** The test files of a part. `unit` has every test that no other part has. */
export function filesOf(root: string, part: Part & { kind: 'files' }): string[] {
  const own = PARTS.flatMap(other =>
    other.kind === 'files' && other.folder !== 'test' ? [`${other.folder}/`] : [],
  )
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map(file => join('test', file))
    .filter(file => file.endsWith('.test.ts') && file.startsWith(`${part.folder}/`))
    .filter(file => part.folder !== 'test' || !own.some(folder => file.startsWith(folder)))
    .sort()
    .map(file => join(root, file))
}

type Shape = {
  readonly folder?: string
  readonly concurrency: number
  readonly minutes: number
  readonly longMinutes?: number
  readonly needs: readonly Need[]
  readonly beside?: boolean
}

/** Parts in the order in which they run; those of one list run at the same time. */
export function inTurns(parts: readonly Part[]): readonly (readonly Part[])[] {
  const turns: Part[][] = []
  for (const part of parts) {
    const last = turns.at(-1)
    if (part.kind === 'files' && part.beside && last !== undefined) last.push(part)
    else turns.push([part])
  }
  return turns
}

function files(name: string, shape: Shape): Part {
  const {
    folder = `test/${name}`,
    concurrency,
    minutes,
    longMinutes = LONG_PATIENCE * minutes,
    needs,
    beside = false,
  } = shape
  const times = { fileTimeoutMs: minutes * 60_000, longFileTimeoutMs: longMinutes * 60_000 }
  return { kind: 'files', name, folder, concurrency, ...times, needs, beside }
}
