export type Patience = {
  /** Share of the chain's block time that reading one block may take. */
  share: number
  /** Bounds, milliseconds: for chains with several blocks a second, and for those with one block in 15 seconds. */
  leastMs: number
  mostMs: number
}

export const PATIENCE: Patience = { share: 0.75, leastMs: 1_000, mostMs: 5_000 }
