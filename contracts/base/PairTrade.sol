// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, IUniswapV2Pair} from "./Interfaces.sol";

/// @notice Uniswap v2's arithmetic (0.3 % fee) and a swap of tokens that the caller already holds.
library PairTrade {
    /// @notice Reserves as (of `token`, of the other token), base units.
    function reservesOf(IUniswapV2Pair pair, address token) internal view returns (uint256 own, uint256 other) {
        (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
        return pair.token0() == token ? (reserve0, reserve1) : (reserve1, reserve0);
    }

    /// @notice What `amountIn` of `tokenIn` buys.
    function outFor(IUniswapV2Pair pair, address tokenIn, uint256 amountIn) internal view returns (uint256) {
        (uint256 reserveIn, uint256 reserveOut) = reservesOf(pair, tokenIn);
        uint256 afterFee = amountIn * 997;
        return (afterFee * reserveOut) / (reserveIn * 1000 + afterFee);
    }

    /// @notice What must be paid in the other token for `out` of `tokenOut`, rounded up.
    function inFor(IUniswapV2Pair pair, address tokenOut, uint256 out) internal view returns (uint256) {
        (uint256 reserveOut, uint256 reserveIn) = reservesOf(pair, tokenOut);
        return (reserveIn * out * 1000) / ((reserveOut - out) * 997) + 1;
    }

    /// @notice Sells `amount` of `tokenIn` held by this contract; the proceeds go to `to`.
    function sell(IUniswapV2Pair pair, address tokenIn, uint256 amount, address to) internal returns (uint256 out) {
        out = outFor(pair, tokenIn, amount);
        IERC20(tokenIn).transfer(address(pair), amount);
        take(pair, tokenIn, out, to, "");
    }

    /// @notice Takes `out` of the token that is not `tokenIn` from the pair.
    function take(IUniswapV2Pair pair, address tokenIn, uint256 out, address to, bytes memory data) internal {
        bool inIsFirst = pair.token0() == tokenIn;
        pair.swap(inIsFirst ? 0 : out, inIsFirst ? out : 0, to, data);
    }
}
