import { hashTypedData, recoverTypedDataAddress } from 'viem'
import type { ContainmentPlan, StandingAuthorisation } from '../model/containment.ts'
import type { Address, Hex } from '../model/hex.ts'

const TYPES = {
  StandingAuthorisation: [
    { name: 'chainId', type: 'uint256' },
    { name: 'targets', type: 'address[]' },
    { name: 'selectors', type: 'bytes4[]' },
    { name: 'maxActions', type: 'uint256' },
    { name: 'validFrom', type: 'uint256' },
    { name: 'validUntil', type: 'uint256' },
  ],
} as const

/** The EIP-712 message that a person signs to let Cordon act alone within these bounds. */
export function authorisationTypedData(terms: Omit<StandingAuthorisation, 'signer' | 'signature'>) {
  return {
    domain: { name: 'Cordon', version: '1', chainId: terms.chainId },
    types: TYPES,
    primaryType: 'StandingAuthorisation',
    message: {
      chainId: BigInt(terms.chainId),
      targets: terms.targets,
      selectors: terms.selectors,
      maxActions: BigInt(terms.maxActions),
      validFrom: BigInt(terms.validFrom),
      validUntil: BigInt(terms.validUntil),
    },
  } as const
}

export type AuthoriseOptions = {
  plan: ContainmentPlan
  authorisations: readonly StandingAuthorisation[]
  /** Who may give such an authorisation: the guardians and incident leaders of the config. */
  mayAuthorise: readonly Address[]
  /** Broadcasts already made on these targets. */
  actionsSoFar: (authorisation: StandingAuthorisation) => Promise<number>
  /** Seconds since the epoch. */
  now: number
}

export type AuthorisationVerdict =
  | { allowed: true; by: Address; hash: Hex }
  | { allowed: false; reasons: string[] }

/**
 * Whether Cordon may pull this plan's lever alone: some standing authorisation must cover chain, target and selector,
 * be in force, not used up, and be truly signed by a person who may give it. Every refusal says why.
 */
export async function authorise(options: AuthoriseOptions): Promise<AuthorisationVerdict> {
  const reasons: string[] = []
  for (const authorisation of options.authorisations) {
    const refusal = await refusalOf(authorisation, options)
    const { signer, signature: _signature, ...terms } = authorisation
    if (refusal === undefined)
      return { allowed: true, by: signer, hash: hashTypedData(authorisationTypedData(terms)) }
    reasons.push(refusal)
  }
  if (reasons.length === 0) reasons.push('there is no standing authorisation')
  return { allowed: false, reasons }
}

async function refusalOf(
  authorisation: StandingAuthorisation,
  options: AuthoriseOptions,
): Promise<string | undefined> {
  const { plan, mayAuthorise, now } = options
  const { signer, signature, ...terms } = authorisation
  const { lever } = plan
  const selector = lever.calldata.slice(0, 10)
  if (terms.chainId !== lever.chainId)
    return `it is for chain ${terms.chainId}, the plan for chain ${lever.chainId}`
  if (!terms.targets.includes(lever.target)) return `it does not name the target ${lever.target}`
  if (!terms.selectors.some((item) => item === selector)) return `it does not name the function ${selector}`
  if (now < terms.validFrom) return `it is valid only from ${iso(terms.validFrom)}`
  if (now >= terms.validUntil) return `it expired at ${iso(terms.validUntil)}`
  if (!mayAuthorise.includes(signer)) return `${signer} is neither guardian nor incident leader in the config`
  const recovered = await recoverTypedDataAddress({ ...authorisationTypedData(terms), signature }).catch(
    () => undefined,
  )
  if (recovered?.toLowerCase() !== signer) return `its signature is not ${signer}’s over these terms`
  const used = await options.actionsSoFar(authorisation)
  if (used >= terms.maxActions) return `its ${terms.maxActions} actions are used up`
  return undefined
}

function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
