// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, IUniswapV2Pair} from "../base/Interfaces.sol";
import {PairTrade} from "../base/PairTrade.sol";

/// @notice Honest arbitrage without capital: flash-swaps a token out of the cheap pair, sells it on the dear one,
/// pays the cheap pair and keeps the rest. Looks like an attack in everything but its victim.
contract ArbBot {
    address public immutable owner;
    IERC20 public immutable quote;
    IERC20 public immutable token;

    error NotOwner(address account);
    error NotBorrowedFrom(address pair);
    error NoProfit();

    IUniswapV2Pair private cheapPair;

    constructor(IERC20 quote_, IERC20 token_) {
        owner = msg.sender;
        quote = quote_;
        token = token_;
    }

    /// @notice Moves `amount` of the token from `cheap` to `dear`; reverts where that does not pay.
    function run(IUniswapV2Pair cheap, IUniswapV2Pair dear, uint256 amount) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        cheapPair = cheap;
        uint256 owed = PairTrade.inFor(cheap, address(token), amount);
        PairTrade.take(cheap, address(quote), amount, address(this), abi.encode(dear, owed));
        cheapPair = IUniswapV2Pair(address(0));
        uint256 profit = quote.balanceOf(address(this));
        if (profit == 0) revert NoProfit();
        quote.transfer(owner, profit);
    }

    /// @notice Uniswap's callback in the middle of the flash swap.
    function uniswapV2Call(address, uint256 amount0, uint256 amount1, bytes calldata data) external {
        if (msg.sender != address(cheapPair)) revert NotBorrowedFrom(msg.sender);
        (IUniswapV2Pair dear, uint256 owed) = abi.decode(data, (IUniswapV2Pair, uint256));
        uint256 proceeds = PairTrade.sell(dear, address(token), amount0 + amount1, address(this));
        if (proceeds <= owed) revert NoProfit();
        quote.transfer(msg.sender, owed);
    }
}
