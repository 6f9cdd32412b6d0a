/** What one person has chosen, as it stands. */
export type PollVote = {
  readonly voter: string
  /** Names of options; one that the poll does not have stands as the hash of its name. */
  readonly options: readonly string[]
  readonly at: Date
}

/** How a poll stands: each option with those who chose it. */
export type PollResult = {
  readonly option: string
  readonly count: number
  readonly voters: readonly string[]
}

/** In the order of the poll's options. */
export function resultsOf(options: readonly string[], votes: readonly PollVote[]): readonly PollResult[] {
  const votersOf = new Map<string, string[]>(options.map(option => [option, []]))
  for (const { voter, options: chosen } of votes) {
    for (const option of new Set(chosen)) votersOf.get(option)?.push(voter)
  }
  return options.map(option => {
    const voters = votersOf.get(option) ?? []
    return { option, count: voters.length, voters }
  })
}
