import { reasonOf } from '../lib/error.ts'
import type { Log } from '../lib/log.ts'
import type { RouteEvent } from '../model/event.ts'
import type { DiskLevel } from './disk.ts'
import type { Store } from './store.ts'

export type DiskAlarmDeps = {
  readonly store: Pick<Store, 'disk' | 'events'>
  readonly route: RouteEvent
  readonly log: Log
}

const RANK: Readonly<Record<DiskLevel, number>> = { ok: 0, low: 1, full: 2 }

/** Says in the log and as `limit.reached` when the disk fills, and in the log when there is room again. */
export function raiseDiskAlarms({ store, route, log }: DiskAlarmDeps): void {
  store.disk.onChange(({ level, used }, before) => {
    const percent = Math.round(used * 100)
    if (RANK[level] < RANK[before]) return log.info('disk.room', { disk: level, percent })
    log.warn('disk.filling', { disk: level, percent })
    const event = route({ type: 'limit.reached', data: { limit: 'disk', level, used_percent: percent } })
    store.events.append({ events: [event] }).catch((error: unknown) => {
      log.error('disk.untold', { reason: reasonOf(error) })
    })
  })
}
