export type RequestOptions = {
  /** How long this one question may take, milliseconds; the endpoint's own patience by default. */
  timeoutMs?: number | undefined
  /** Gives the question up: the connection is closed, so that the node may stop working on it. */
  signal?: AbortSignal | undefined
  /** Long strings of a very long answer may be cut: called with how many were. Without it the answer must be whole. */
  onCut?: ((strings: number) => void) | undefined
}

/** A node, or several behind one name, that answers JSON-RPC calls: an `Rpc`, an `Endpoint`, a drill's chain. */
export type Asker = {
  request(method: string, params: readonly unknown[], options?: RequestOptions): Promise<unknown>
}
