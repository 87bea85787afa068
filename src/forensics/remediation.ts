import type { Hypothesis, Investigation } from '../model/investigation.ts'

type Remedy = Investigation['remediation'][number]

/**
 * The fixes for each cause, from OWASP's and SEAL's guidance; the first stops the loss, the last prevents a recurrence.
 */
const REMEDIES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  reentrancy: [
    'Pause every function that sends assets before it has written its books, in all contracts that share the state.',
    'Write the books before the call (checks, effects, interactions), and lock across all contracts that share state, views included.',
    'Treat tokens with callbacks (ERC-777, ERC-721, ERC-1155, ERC-677) as calls to strangers.',
  ],
  'price-manipulation': [
    'Freeze borrowing and minting against the moved price; leave repaying open.',
    'Value by a feed that one transaction cannot move: a time-weighted price over blocks, or an oracle with a deviation bound.',
    'Bound what one block may borrow or mint, and compare two sources.',
  ],
  'access-control': [
    'Pause, take the role or ownership back from a clean key, and cancel what was queued meanwhile.',
    'Guard the function by role; make initialisers callable once, in the transaction that deploys.',
    'Declare who may hold each role as an invariant, so that a change is told in the same block.',
  ],
  'arbitrary-call': [
    'Revoke approvals to the contract; tell users to do so before anything else.',
    'Call only listed targets with listed functions; never hand on calldata, contexts or code addresses of a caller.',
    'Check that decoded data says who the caller really is; keep approvals in a contract that makes no calls.',
  ],
  'unbacked-mint': [
    'Pause minting and redeeming; the supply that was minted is not backed.',
    'Check that what comes in covers what is minted, before and after, in the same function.',
    'Declare backing as an invariant: supply never above what backs it.',
  ],
  'bridge-forgery': [
    'Pause the bridge on both sides; a message that was proved once may be used elsewhere.',
    'Refuse default and zero roots, replays, and messages whose target may change who signs.',
    'Cap what leaves in an hour, and compare both sides of the bridge continuously.',
  ],
  'option-abuse': [
    'Pause exercise and settlement; let the oracle’s dispute be used while it is open.',
    'Burn or lock each option before it pays, once for each payment.',
    'Declare that what was paid never exceeds what was burned.',
  ],
  'perp-abuse': [
    'Cap open interest and stop opening; leave closing and adding margin open.',
    'Value margin and mark by what the trader himself cannot move.',
    'Bound the price move that one block may make.',
  ],
  donation: [
    'Freeze minting, borrowing and liquidation against the share whose price jumped; leave withdrawing open where it pays what was put in.',
    'Keep own books of what is held instead of asking the token; start with virtual shares or a deposit that nobody can take out.',
    'Bound how far a share’s price may rise within a block.',
  ],
  'signature-replay': [
    'Pause what takes signatures; tell signers which ones must not be used again.',
    'Bind each signature to chain, contract, nonce and deadline (EIP-712), and refuse the zero address that a bad one recovers to.',
    'Watch for a nonce that is used twice.',
  ],
  'key-compromise': [
    'Take the key out of every role from a clean one, move what it can still reach, cancel what it queued.',
    'Rebuild it on clean hardware; put what one key could do behind a threshold and a delay.',
    'Find out how it left: ask everybody who could read it, and look at what else lay beside it.',
  ],
  'approval-drain': [
    'Tell users to revoke approvals to the spender, through every channel, before anything else.',
    'Take the page down that asked for them, and have the domain and the contract listed as phishing.',
    'Ask for exact amounts only, and watch for many owners approving a spender nobody knew.',
  ],
  'safe-spoof': [
    'Let nobody sign anything; compare what the devices show with the calldata on another machine.',
    'Move what the Safe holds to a new one from clean machines; check its implementation, modules, guard and fallback handler.',
    'Refuse delegate calls to unlisted contracts by a guard.',
  ],
  governance: [
    'Cancel the queued operation, or veto it, before its delay ends.',
    'Count votes that were held before the proposal, and give execution a delay with somebody who can cancel.',
    'Watch for borrowed and fresh voting power.',
  ],
}

const FALLBACK: readonly [string, ...string[]] = [
  'Pause what the attacker called until the cause is known.',
  'Re-run the attack on a fork with one step changed at a time, to see which one it stands on.',
  'Bound what may leave in a block.',
]

/** The recommended actions, by the likeliest causes; and how to verify that they helped. */
export function remediationFor(hypotheses: readonly Hypothesis[], transactions: readonly string[]): Remedy[] {
  const [first, second] = hypotheses
  const causes = [first, second].filter(
    (one) => one !== undefined && (one === first || one.confidence >= 0.5),
  )
  const remedies = causes.flatMap((cause): Remedy[] => {
    const [now, ...later] = REMEDIES[cause?.category ?? ''] ?? FALLBACK
    const of = { category: cause?.category ?? 'unknown', contract: cause?.contract ?? null }
    return [
      { ...of, when: 'now', action: now },
      ...later.map((action): Remedy => ({ ...of, when: 'before-reopening', action })),
    ]
  })
  if (transactions.length === 0) return remedies
  const freeze = `Freeze it and try the fix: cordon regress freeze RPC --tx ${transactions.join(',')} -o attack.json, then cordon regress run attack.json --replace ADDR=FILE.`
  return [
    ...remedies,
    { category: first?.category ?? 'unknown', contract: null, when: 'before-reopening', action: freeze },
  ]
}
