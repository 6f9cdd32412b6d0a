import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One life of the app: it dies at the `hit`-th time that it reaches `point`. Without a plan it lives on. */
export type Plan = { readonly point: string; readonly hit: number }

const DIE_AT = join(import.meta.dirname, 'die-at.ts')
const APPLIANCE = join(import.meta.dirname, '..', '..', '..')

/**
 * Writes the shell script that stands in for `node` and answers its path. The app's permissions and environment are
 * complete and know nothing of the rig; the script adds the one module that kills, and what it may read, from outside.
 */
export function writeLauncher(folder: string, node: string): string {
  const script = join(folder, 'node')
  const text = `#!/bin/sh
case " $* " in *" --permission "*) ;; *) exec '${node}' "$@" ;; esac
PATH=/usr/bin:/bin
plan=''
[ -s '${planFile(folder)}' ] && read -r plan <'${planFile(folder)}' && sed -i 1d '${planFile(folder)}'
echo "$$ $plan" >>'${startsFile(folder)}'
[ -z "$plan" ] && exec '${node}' '--allow-fs-read=${APPLIANCE}/' "$@"
export RIG_PLAN="$plan"
exec '${node}' --import '${DIE_AT}' '--allow-fs-read=${APPLIANCE}/' "$@"
`
  writeFileSync(script, text, { mode: 0o700 })
  return script
}

/** The next lives of the app, one after another; those that come after them live on. */
export function plan(folder: string, plans: readonly Plan[]): void {
  appendFileSync(planFile(folder), plans.map(({ point, hit }) => `${point} ${hit}\n`).join(''))
}

/** Every life so far: its process, and the plan it was given. */
export function lives(folder: string): readonly { readonly pid: number; readonly plan?: Plan }[] {
  if (!existsSync(startsFile(folder))) return []
  const lines = readFileSync(startsFile(folder), 'utf8').split('\n').filter(Boolean)
  return lines.map(line => {
    const [pid, point, hit] = line.trim().split(' ')
    return { pid: Number(pid), ...(point === undefined ? {} : { plan: { point, hit: Number(hit) } }) }
  })
}

function planFile(folder: string): string {
  return join(folder, 'plan')
}

function startsFile(folder: string): string {
  return join(folder, 'starts')
}
