// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, IUniswapV2Pair} from "../base/Interfaces.sol";
import {PairTrade} from "../base/PairTrade.sol";

/// @notice Swaps an account's tokens on one pair.
contract Router {
    error TooLittle(uint256 out, uint256 minOut);

    /// @notice Sells `amountIn` of `tokenIn` from the caller for at least `minOut` of the pair's other token.
    function swap(IUniswapV2Pair pair, IERC20 tokenIn, uint256 amountIn, uint256 minOut) external returns (uint256 out) {
        out = PairTrade.outFor(pair, address(tokenIn), amountIn);
        if (out < minOut) revert TooLittle(out, minOut);
        tokenIn.transferFrom(msg.sender, address(pair), amountIn);
        PairTrade.take(pair, address(tokenIn), out, msg.sender, "");
    }
}
