import type { Hash, Hex } from '../model/hex.ts'

/*
 * Standard signatures only: EIP-20, 165-era 721, 1155, WETH9, EIP-173, OpenZeppelin AccessControl, EIP-1967,
 * OpenZeppelin Pausable; and the common views for prices. signatures.test.ts recomputes each.
 */

export const TOPICS = {
  'Transfer(address,address,uint256)': '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  'Approval(address,address,uint256)': '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925',
  'ApprovalForAll(address,address,bool)':
    '0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31',
  'TransferSingle(address,address,address,uint256,uint256)':
    '0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62',
  'TransferBatch(address,address,address,uint256[],uint256[])':
    '0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb',
  'Deposit(address,uint256)': '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c',
  'Withdrawal(address,uint256)': '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65',
  'OwnershipTransferred(address,address)':
    '0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0',
  'RoleGranted(bytes32,address,address)':
    '0x2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d',
  'RoleRevoked(bytes32,address,address)':
    '0xf6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b',
  'Upgraded(address)': '0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b',
  'AdminChanged(address,address)': '0x7e644d79422f17c01e4894b5f4f588d331ebfa28653d42ae832dc59e38c9798f',
  'BeaconUpgraded(address)': '0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e',
  'Paused(address)': '0x62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a258',
  'Unpaused(address)': '0x5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa',
  'Paused()': '0x9e87fac88ff661f02d44f95383c817fece4bce600a3dab7a54406878b965e752',
  'Unpaused()': '0xa45f47fdea8a1efdd9029a5691c7f759c32b7c698632b563573e155625d16933',
} as const satisfies Record<string, Hash>

export const SELECTORS = {
  'transfer(address,uint256)': '0xa9059cbb',
  'transferFrom(address,address,uint256)': '0x23b872dd',
  'safeTransferFrom(address,address,uint256)': '0x42842e0e',
  'safeTransferFrom(address,address,uint256,bytes)': '0xb88d4fde',
  'safeTransferFrom(address,address,uint256,uint256,bytes)': '0xf242432a',
  'mint(address,uint256)': '0x40c10f19',
  'burn(uint256)': '0x42966c68',
  'burn(address,uint256)': '0x9dc29fac',
  'burnFrom(address,uint256)': '0x79cc6790',
  'deposit()': '0xd0e30db0',
  'withdraw(uint256)': '0x2e1a7d4d',
  'balanceOf(address)': '0x70a08231',
  'totalSupply()': '0x18160ddd',
} as const satisfies Record<string, Hex>

/** Views by which contracts query a valuation. */
export const VALUATIONS = {
  'getReserves()': '0x0902f1ac',
  'slot0()': '0x3850c7bd',
  'get_virtual_price()': '0xbb7b8b80',
  'pricePerShare()': '0x99530b06',
  'getPricePerFullShare()': '0x77c7b8fc',
  'exchangeRateStored()': '0x182df0f5',
  'exchangeRateCurrent()': '0xbd6d894d',
  'convertToAssets(uint256)': '0x07a2d13a',
  'convertToShares(uint256)': '0xc6e6f592',
  'previewRedeem(uint256)': '0x4cdad506',
  'latestAnswer()': '0x50d25bcd',
  'latestRoundData()': '0xfeaf968c',
  'getUnderlyingPrice(address)': '0xfc57d4df',
  'getAssetPrice(address)': '0xb3596f07',
  'getPrice(address)': '0x41976e09',
  'observe(uint32[])': '0x883bdbfd',
  'get_dy(int128,int128,uint256)': '0x5e0d443f',
  'calc_withdraw_one_coin(uint256,int128)': '0xcc2b27d7',
  'getAmountsOut(uint256,address[])': '0xd06ca61f',
  'getRate()': '0x679aefce',
  'price()': '0xa035b1fe',
  'getPrice()': '0x98d5fdca',
  'peek()': '0x59e02dd7',
  'consult(address,uint256)': '0x3ddac953',
  'totalAssets()': '0x01e1d114',
  'price_oracle()': '0x86fc88d3',
} as const satisfies Record<string, Hex>
