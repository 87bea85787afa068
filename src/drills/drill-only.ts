import type { Signer } from '../contain/signers/signer.ts'
import { CordonError } from '../kit/error.ts'

/**
 * A signer that signs for one chain and nothing else: it refuses a transaction or message for another chain, or a
 * message for no chain at all (old Safes have such). Only Cordon's own messages to people (`Cordon`) need no chain: no
 * contract knows them.
 */
export function drillOnly(signer: Signer, chainId: number): Signer {
  return {
    address: signer.address,
    async signTransaction(transaction) {
      if (transaction.chainId !== chainId) throw realChain(transaction.chainId, chainId)
      return signer.signTransaction(transaction)
    },
    async signTypedData(typedData) {
      const { domain } = typedData
      const isOurs = domain.chainId === undefined && domain.verifyingContract === undefined
      if (domain.chainId !== chainId && !(isOurs && /^Cordon\b/.test(domain.name ?? '')))
        throw realChain(domain.chainId, chainId)
      return signer.signTypedData(typedData)
    },
  }
}

function realChain(asked: number | undefined, chainId: number): CordonError {
  return new CordonError({
    code: 'drill.RealChain',
    message: 'A drill signs nothing that could be valid on another chain.',
    facts: { askedFor: asked ?? 'no chain', drillChain: chainId },
    fix: 'Nothing was signed. A lever whose signature names no chain (an old Safe) cannot be practised on a fork.',
  })
}
