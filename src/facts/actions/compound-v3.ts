import type { Family } from './rule.ts'

/**
 * Comet, the market of Compound v3 (comet `CometMainInterface`). A withdrawal of the base asset is a loan where the
 * account has none of it, which the event does not show.
 */
export const compoundV3: Family = {
  protocol: 'compound-v3',
  logs: [
    {
      action: 'deposit',
      event: 'Supply(address indexed from, address indexed dst, uint256 amount)',
      topic: '0xd1cf3d156d5f8f0d50f6c122ed609cec09d35c9b9fb3fff6ea0959134dae424e',
      actor: 'from',
      beneficiary: 'dst',
      given: [{ amount: 'amount' }],
    },
    {
      action: 'withdraw',
      event: 'Withdraw(address indexed src, address indexed to, uint256 amount)',
      topic: '0x9b1bfa7fa9ee420a16e124f794c35ac9f90472acc99140eb2f6447c714cad8eb',
      actor: 'src',
      beneficiary: 'to',
      taken: [{ amount: 'amount' }],
    },
    {
      action: 'deposit',
      event:
        'SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount)',
      topic: '0xfa56f7b24f17183d81894d3ac2ee654e3c26388d17a28dbd9549b8114304e1f4',
      actor: 'from',
      beneficiary: 'dst',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'withdraw',
      event:
        'WithdrawCollateral(address indexed src, address indexed to, address indexed asset, uint256 amount)',
      topic: '0xd6d480d5b3068db003533b170d67561494d72e3bf9fa40a266471351ebba9e16',
      actor: 'src',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'liquidate',
      event:
        'AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue)',
      topic: '0x1547a878dc89ad3c367b6338b4be6a65a5dd74fb77ae044da1e8747ef1f4f62f',
      actor: 'absorber',
      beneficiary: 'borrower',
    },
    {
      action: 'liquidate',
      event:
        'AbsorbCollateral(address indexed absorber, address indexed borrower, address indexed asset, uint256 collateralAbsorbed, uint256 usdValue)',
      topic: '0x9850ab1af75177e4a9201c65a2cf7976d5d28e40ef63494b44366f86b2f9412e',
      actor: 'absorber',
      beneficiary: 'borrower',
      given: [{ amount: 'collateralAbsorbed', asset: 'asset' }],
    },
    {
      action: 'liquidate',
      event:
        'BuyCollateral(address indexed buyer, address indexed asset, uint256 baseAmount, uint256 collateralAmount)',
      topic: '0xf891b2a411b0e66a5f0a6ff1368670fefa287a13f541eb633a386a1a9cc7046b',
      actor: 'buyer',
      given: [{ amount: 'baseAmount' }],
      taken: [{ amount: 'collateralAmount', asset: 'asset' }],
    },
  ],
  calls: [
    {
      action: 'liquidate',
      function: 'absorb(address absorber, address[] accounts)',
      selector: '0xc3cecfd2',
      actor: 'absorber',
    },
    {
      action: 'liquidate',
      function: 'buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient)',
      selector: '0xe4e6e779',
      beneficiary: 'recipient',
      given: [{ amount: 'baseAmount' }],
    },
  ],
}
