export type Patience = {
  /** Share of the chain's block time that reading one block may take. */
  share: number
  /** Bounds, milliseconds: chains with several blocks a second, and those with one in a quarter of a minute. */
  leastMs: number
  mostMs: number
}

export const PATIENCE: Patience = { share: 0.75, leastMs: 1_000, mostMs: 5_000 }
