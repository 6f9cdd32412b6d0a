import { subscribe } from 'node:diagnostics_channel'

/*
 * Loaded into the app, and into its threads, by `--import`: ends the process the hard way when a point is reached for the
 * so-manieth time, as `RIG_PLAN` says: "outbox.claimed 2".
 */
const [wanted = '', hit = '1'] = (process.env.RIG_PLAN ?? '').split(' ')
let left = Number(hit)
subscribe('postern:step', message => {
  if ((message as { point: string }).point !== wanted) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
