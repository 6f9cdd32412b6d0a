/** What is done to a site. Each kind stands for one way of making a server work or wait for nothing. */
export type Kind =
  | 'slow headers'
  | 'slow bodies'
  | 'idle connections'
  | 'large bodies'
  | 'large bodies in chunks'
  | 'large headers'
  | 'gzip bombs'
  | 'rapid resets'

/** A site, and what its attacker shows: the worst is one who is let in. */
export type Target = {
  readonly site: string
  readonly port: number
  readonly cert?: string
  readonly key?: string
  readonly authorization?: string
}

/** All that bounds an attack: how many connections (or streams) on each target, and how long they are held at most. */
export type Plan = {
  readonly kind: Kind
  readonly targets: readonly Target[]
  readonly count: number
  readonly holdMs: number
  /** It is begun anew, wave after wave, until so long has passed; never again for 0. */
  readonly attackMs: number
  /** The address of this machine to come from, so that nobody else is taken for the attacker. */
  readonly from: string
  readonly ca: string
}

/** What became of the connections to one target: the answers by their status, those ended without one, those still there. */
export type Came = {
  opened: number
  failed: number
  readonly statuses: Record<string, number>
  ended: number
  held: number
}

/** Where every attack is aimed at: a route that is no probe of the honest caller. */
export const PATH = '/v1/accounts/main/messages'
