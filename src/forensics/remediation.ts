import type { Hypothesis, Investigation } from '../model/investigation.ts'

type Remedy = Investigation['remediation'][number]

/**
 * The fixes for each cause, from OWASP's and SEAL's guidance; the first stops the loss, the last prevents a recurrence.
 */
const REMEDIES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  reentrancy: [
    'Pause every function that sends assets before it updates its state, in all contracts that share the state.',
    'Update state before the call (checks, effects, interactions), and lock across all contracts that share state, views included.',
    'Treat tokens with callbacks (ERC-777, ERC-721, ERC-1155, ERC-677) as calls to strangers.',
  ],
  'price-manipulation': [
    'Freeze borrowing and minting against the moved price; leave repaying open.',
    'Value by a feed that one transaction cannot move: a time-weighted price over blocks, or an oracle with a deviation bound.',
    'Bound what one block may borrow or mint, and compare two sources.',
  ],
  'access-control': [
    'Pause, take back the role or ownership with a clean key, and cancel operations that were queued in the meantime.',
    'Guard the function by role; make initialisers callable once, in the transaction that deploys.',
    'Declare who may hold each role as an invariant: Cordon then reports a change in the same block.',
  ],
  'arbitrary-call': [
    'Revoke approvals to the contract; tell users to do so before anything else.',
    'Call only listed targets with listed functions; never pass on calldata, contexts or code addresses from a caller.',
    'Check that decoded data says who the caller really is; keep approvals in a contract that makes no calls.',
  ],
  'approval-abuse': [
    'Revoke approvals to the contract; tell users to do so before anything else.',
    'Move tokens of the caller alone, or of an owner that signed this very transfer.',
    'Keep approvals in a contract that has no other function, and ask only for exact amounts.',
  ],
  'data-validation': [
    'Pause the functions that take an address of a token, pool or vault from the caller.',
    'Accept only contracts that your own registry or factory knows; compare what arrived with balances of your own.',
    'Treat every call to an address from calldata as a call to the attacker, re-entry included.',
  ],
  'unbacked-mint': [
    'Pause minting and redeeming; the new supply is not backed.',
    'Check in the same function that the payment covers the minted amount, before and after.',
    'Declare backing as an invariant: the supply never exceeds the assets that back it.',
  ],
  'bridge-forgery': [
    'Pause the bridge on both sides; a message that was proved once may be used elsewhere.',
    'Refuse default and zero roots, replays, and messages whose target may change who signs.',
    'Limit how much leaves in an hour, and compare both sides of the bridge continuously.',
  ],
  'option-abuse': [
    'Pause exercise and settlement; dispute the price with the oracle while the dispute period is open.',
    'Burn or lock each option before it pays, once for each payment.',
    'Declare as an invariant that payments never exceed burned options.',
  ],
  'perp-abuse': [
    'Cap open interest and stop opening; leave closing and adding margin open.',
    'Value margin and mark by a price that the trader cannot move.',
    'Bound the price move that one block may make.',
  ],
  donation: [
    'Freeze minting, borrowing and liquidation against the share whose price jumped; leave withdrawals open if they pay the deposited amount.',
    'Track holdings internally instead of reading the token balance; start with virtual shares or a deposit that nobody can withdraw.',
    'Bound how far a share’s price may rise within a block.',
  ],
  'signature-replay': [
    'Pause functions that accept signatures; tell signers which signatures must not be used again.',
    'Bind each signature to chain, contract, nonce and deadline (EIP-712), and refuse the zero address, which an invalid signature recovers to.',
    'Watch for a nonce that is used twice.',
  ],
  'key-compromise': [
    'Remove the key from every role with a clean key, move the assets that it can still reach, and cancel what it queued.',
    'Make a new key on clean hardware; put a threshold and a delay in front of everything that one key could do.',
    'Find out how the key leaked: ask everybody who could read it, and check what else was stored with it.',
  ],
  'approval-drain': [
    'Tell users to revoke approvals to the spender, through every channel, before anything else.',
    'Take down the page that asked for them, and have the domain and the contract listed as phishing.',
    'Ask only for exact amounts, and watch for many owners who approve an unknown spender.',
  ],
  'safe-spoof': [
    'Stop all signing; compare what the devices show with the calldata on another machine.',
    'Move the Safe’s assets to a new Safe from clean machines; check its implementation, modules, guard and fallback handler.',
    'Use a guard that refuses delegate calls to unlisted contracts.',
  ],
  governance: [
    'Cancel the queued operation, or veto it, before its delay ends.',
    'Count votes that were held before the proposal, and give execution a delay with somebody who can cancel.',
    'Watch for borrowed and fresh voting power.',
  ],
}

const FALLBACK: readonly [string, ...string[]] = [
  'Pause the functions that the attacker called until the cause is known.',
  'Re-run the attack on a fork with one step changed at a time, to find the step that it needs.',
  'Limit how much may leave in a block.',
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
