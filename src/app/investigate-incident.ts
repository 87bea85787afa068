import { beyondOptions } from '../investigate/gather/beyond-options.ts'
import { investigateTransactions } from '../investigate/investigate.ts'
import type { InvestigateIncident } from '../respond/actions/action-kind.ts'
import { scopeFor } from '../respond/chains.ts'

/**
 * The implementation of the `investigate` action: the configuration's contracts, names, tokens and ABIs, and the
 * chain's first endpoint.
 */
export const investigateIncident: InvestigateIncident = async (
  { config, names },
  { chain, transactions, findings, others },
) =>
  investigateTransactions({
    source: chain.config.rpcUrls[0] ?? '',
    hashes: transactions,
    scope: scopeFor(config, chain.chainId),
    names,
    full: false,
    recorded: findings,
    beyond: await beyondOptions(config, { incidents: others }),
    tokens: config.tokens,
    decoding: { abis: config.abis ?? [] },
  })
