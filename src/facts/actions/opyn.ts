import type { Family } from './rule.ts'

/** Opyn: Gamma’s controller (the events of its releases differ) and the options of v1, which are their own contracts. */
export const opyn: Family = {
  protocol: 'opyn',
  logs: [
    {
      action: 'mint',
      event:
        'ShortOtokenMinted(address indexed otoken, address indexed accountOwner, address indexed to, uint256 vaultId, uint256 amount)',
      topic: '0x4d7f96086c92b2f9a254ad21548b1c1f2d99502c7949508866349b96bb1a8d8a',
      actor: 'accountOwner',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'otoken' }],
    },
    {
      action: 'burn',
      event:
        'ShortOtokenBurned(address indexed otoken, address indexed accountOwner, address indexed from, uint256 vaultId, uint256 amount)',
      topic: '0xdd96b18f26fd9950581b9fd821fa907fc318845fc4d220b825a7b19bfdd174e8',
      actor: 'from',
      beneficiary: 'accountOwner',
      given: [{ amount: 'amount', asset: 'otoken' }],
    },
    {
      action: 'deposit',
      event:
        'CollateralAssetDeposited(address indexed asset, address indexed accountOwner, address indexed from, uint256 vaultId, uint256 amount)',
      topic: '0xbfab88b861f171b7db714f00e5966131253918d55ddba816c3eb94657d102390',
      actor: 'from',
      beneficiary: 'accountOwner',
      given: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'withdraw',
      event:
        'CollateralAssetWithdrawed(address indexed asset, address indexed accountOwner, address indexed to, uint256 vaultId, uint256 amount)',
      topic: '0xfe86f7694b6c54a528acbe27be61dd4a85e9a89aeef7f650a1b439045ccee5a4',
      actor: 'accountOwner',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'asset' }],
    },
    {
      action: 'deposit',
      event:
        'LongOtokenDeposited(address indexed otoken, address indexed accountOwner, address indexed from, uint256 vaultId, uint256 amount)',
      topic: '0x2607e210004cef0ad6b3e6aedb778bffb03c1586f8dcf55d49afffde210d8bb1',
      actor: 'from',
      beneficiary: 'accountOwner',
      given: [{ amount: 'amount', asset: 'otoken' }],
    },
    {
      action: 'withdraw',
      event:
        'LongOtokenWithdrawed(address indexed otoken, address indexed accountOwner, address indexed to, uint256 vaultId, uint256 amount)',
      topic: '0xbd023c53d293da163d185720d4274f4ddabc09d5304491a55abb296cc811d9fa',
      actor: 'accountOwner',
      beneficiary: 'to',
      taken: [{ amount: 'amount', asset: 'otoken' }],
    },
    {
      action: 'exercise',
      event:
        'Redeem(address indexed otoken, address indexed redeemer, address indexed receiver, address collateralAsset, uint256 otokenBurned, uint256 payout)',
      topic: '0x18fd144d7dbcbaa6f00fd47a84adc7dc3cc64a326ffa2dc7691a25e3837dba03',
      actor: 'redeemer',
      beneficiary: 'receiver',
      given: [{ amount: 'otokenBurned', asset: 'otoken' }],
      taken: [{ amount: 'payout', asset: 'collateralAsset' }],
    },
    {
      action: 'settle',
      event:
        'VaultSettled(address indexed accountOwner, address indexed otoken, address to, uint256 payout, uint256 vaultId, uint256 indexed vaultType)',
      topic: '0x522cda7dd0677ee4c9512efd8aa92af93de64b4c2fe2f8bfe7a9234a655a9bf5',
      actor: 'accountOwner',
      beneficiary: 'to',
      taken: [{ amount: 'payout' }],
    },
    {
      action: 'settle',
      event:
        'VaultSettled(address indexed accountOwner, address indexed to, address indexed otoken, uint256 vaultId, uint256 payout)',
      topic: '0x14228c91fa4bb9206a82a4fb6af9b066b035cf69957e4a51fee88f693a06bbd0',
      actor: 'accountOwner',
      beneficiary: 'to',
      taken: [{ amount: 'payout' }],
    },
    {
      action: 'liquidate',
      event:
        'VaultLiquidated(address indexed liquidator, address indexed receiver, address indexed vaultOwner, uint256 auctionPrice, uint256 auctionStartingRound, uint256 collateralPayout, uint256 debtAmount, uint256 vaultId)',
      topic: '0x93e59ec97820bb1ed9fb6ddc10619d1574e803b1f79b937414feb8f6b7051f9d',
      actor: 'liquidator',
      beneficiary: 'vaultOwner',
      taken: [{ amount: 'collateralPayout' }],
    },
    {
      action: 'exercise',
      event:
        'Exercise(uint256 amountUnderlying, uint256 amountCollateral, address indexed exerciser, address indexed vaultExercisedFrom)',
      topic: '0xfa7bab37479e50a9b24a9412b879d400de9bcaa1e3a2b343e90bb370d85bbaa7',
      actor: 'exerciser',
      given: [{ amount: 'amountUnderlying' }],
      taken: [{ amount: 'amountCollateral' }],
    },
  ],
  calls: [
    {
      action: 'exercise',
      function: 'exercise(uint256 oTokens, address[] vaultsToExerciseFrom)',
      selector: '0x58b36dac',
    },
  ],
}
