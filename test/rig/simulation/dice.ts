/** Dice that fall the same way for the same seed. */
export type Dice = {
  /** From 0 up to 1. */
  readonly next: () => number
  /** True so many times in a hundred. */
  chance(percent: number): boolean
  /** A whole number of milliseconds, or of anything, both ends included. */
  between(least: number, most: number): number
}

/** Mulberry32: small, quick, and good enough to choose among faults. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    chance: percent => next() * 100 < percent,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
  }
}
