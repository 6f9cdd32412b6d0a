import { freePortBase } from '../../app/supervise/processes/ports.ts'

/** What the runner tells a file: which of those that run at the same time it is. */
const LANE = process.env.TEST_LANE
const MOST_LANES = 4

/**
 * A free range of ports for an appliance. Files that run side by side draw from different ranges: while one has killed its
 * app and waits for the next, another would find the ports free.
 */
export function portBaseOfOurOwn(): Promise<number> {
  return freePortBase(LANE === undefined ? Math.random : () => (Math.random() + Number(LANE)) / MOST_LANES)
}
