import { getTransactionReceipt } from '../chain/methods/get-transaction-receipt.ts'
import { sendTransaction } from '../chain/methods/send-transaction.ts'
import { createEndpoint, type Endpoint } from '../chain/rpc/endpoint.ts'
import { impersonate } from '../chain/sandbox/control.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import type { Hash } from '../model/hex.ts'
import type { Fork, RecordedAttack } from './fork.ts'
import { type DrillOptions, type DrillOutcome, play } from './run.ts'
import { skewOf, waitForRun } from './wait.ts'

const PATIENCE_MS = 60_000

export type ReplayOptions = Omit<DrillOptions, 'attack' | 'apiPort' | 'fork'> & { fork: Fork }

/**
 * Replays a recorded attack on a fork that Cordon watches, and waits for the response. Stops everything that it
 * started.
 */
export async function runReplay(options: ReplayOptions): Promise<DrillOutcome> {
  const { fork, env, logger, write, hub, say, people, respond } = options
  const config = {
    ...fork.config,
    dataDir: options.dataDir,
    respond: { ...fork.config.respond, enabled: respond },
    chains: fork.config.chains.map((chain) => ({ ...chain, mempool: options.mempool })),
  }
  await options.ready?.(config)
  const [signers, has] = [fork.signers, people !== 'none']
  const running = await options.start({
    config,
    env,
    logger,
    write,
    hub,
    signers,
    kind: 'drill',
    people: has,
  })
  const node = createEndpoint(fork.anvil.url)
  const played = people === 'played' ? play(options, running, fork.signers) : undefined
  try {
    const { attack } = fork
    if (attack === null) throw notReplayed(null)
    say(
      `a fork of chain ${fork.forkOf} after block ${fork.forkBlock}, as chain ${fork.chainId}; now ${attack.hash} again`,
    )
    const startedAt = Date.now()
    const sent = await replay(node, attack)
    say(sent.succeeded ? 'it succeeded' : 'it failed on the fork')
    const skewMs = await skewOf(fork.anvil.url)
    const { incident, run } = await waitForRun(
      { ...options, attack: [sent.hash], patienceMs: sent.succeeded ? PATIENCE_MS : 5_000 },
      running,
    )
    return {
      attack: `replay of ${attack.hash}`,
      contained: incident?.state === 'contained',
      incident,
      run,
      funds: null,
      attackTransactions: { mined: sent.succeeded ? 1 : 0, reverted: sent.succeeded ? 0 : 1 },
      containedAfterMs: null,
      skewMs,
      startedAt,
      endedAt: Date.now(),
    }
  } finally {
    await played?.stop()
    await node.close()
    await running.stop()
  }
}

/** Sends in the name of its sender, whose key a fork does not need. */
async function replay(node: Endpoint, attack: RecordedAttack): Promise<{ hash: Hash; succeeded: boolean }> {
  const { from, to, input, value, gas } = attack
  await impersonate(node, from)
  const call = { from, input, value, gas, ...(to === null ? {} : { to }) }
  const hash = await sendTransaction(node, call)
  const deadline = systemClock.now() + PATIENCE_MS
  while (systemClock.now() < deadline) {
    const receipt = await getTransactionReceipt(node, hash)
    if (receipt !== null) return { hash, succeeded: receipt.succeeded }
    await systemClock.sleep(50)
  }
  throw notReplayed(hash)
}

function notReplayed(hash: Hash | null): CordonError {
  return new CordonError({
    code: 'drill.NotMined',
    message: 'The recorded attack was not mined on the fork.',
    facts: { transaction: hash ?? 'none given' },
    fix: 'Check that the node behind the fork answers quickly enough, and try again.',
    retryable: true,
  })
}
