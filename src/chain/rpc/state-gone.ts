/**
 * Nodes' error messages for a block's state that they no longer have, or do not have yet: geth, Erigon, Nethermind,
 * Reth, Besu, anvil and the large providers.
 */
const GONE =
  /missing trie node|(historical )?state .{0,80}(not available|unavailable|pruned)|no state available|header (for hash )?not found|unknown block|block not found|world state unavailable|distance to target block exceeds|required historical state|old data not available/i

/** True where a node has the chain, but not the state of the requested block. */
export function isStateGone(thrown: unknown): boolean {
  return thrown instanceof Error && GONE.test(thrown.message)
}
