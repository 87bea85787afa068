// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: what Perp Curie's ClearingHouse and Vault ask of a market before they act, and Exchange's limit on how
// far a price moves in a block, written anew. The market itself, BaseToken, is the package's.

interface IMarket {
    function isOpen() external view returns (bool);
    function isClosed() external view returns (bool);
    function isPaused() external view returns (bool);
}

/// A price that never moves.
contract LeverPriceFeed {
    function decimals() external pure returns (uint8) {
        return 18;
    }

    function getDispatchedPrice(uint256) external pure returns (uint256) {
        return 100e18;
    }
}

contract LeverCurieExchange {
    address public immutable owner = msg.sender;
    mapping(address => uint24) public getMaxTickCrossedWithinBlock;

    function setMaxTickCrossedWithinBlock(address token, uint24 ticks) external {
        require(msg.sender == owner, "SO_CNO");
        require(ticks <= 1774544, "EX_MTCLOOR");
        getMaxTickCrossedWithinBlock[token] = ticks;
    }

    function swap(address token) external view {
        require(getMaxTickCrossedWithinBlock[token] > 0, "EX_MIP");
    }
}

contract LeverClearingHouse {
    LeverCurieExchange public immutable exchange;

    constructor(LeverCurieExchange to) {
        exchange = to;
    }

    function openPosition(address token) external view {
        require(IMarket(token).isOpen(), "CH_MNO");
        exchange.swap(token);
    }

    function closePosition(address token) external view {
        require(IMarket(token).isOpen(), "CH_MNO");
        exchange.swap(token);
    }

    function liquidate(address token) external view {
        require(IMarket(token).isOpen(), "CH_MNO");
        exchange.swap(token);
    }

    function quitMarket(address token) external view {
        require(IMarket(token).isClosed(), "CH_MNC");
    }

    /// The vault asks no market.
    function withdraw() external pure {}
}
