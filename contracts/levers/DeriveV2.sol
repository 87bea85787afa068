// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the pause of Derive v2's BaseManager and the end of its PerpAsset, written anew. Amounts are counters.

contract LeverDeriveManager {
    address public immutable owner = msg.sender;
    address public guardian;
    bool public adjustmentsPaused;
    uint256 public acts;

    constructor(address to) {
        guardian = to;
    }

    function setAdjustmentsPaused(bool on) external {
        require(msg.sender == guardian, "BM_GuardianOnly");
        adjustmentsPaused = on;
    }

    /// Trades, withdrawals and deposits all come here, by `_preAdjustmentHooks`.
    function handleAdjustment(int256) external {
        require(!adjustmentsPaused, "BM_AdjustmentsPaused");
        acts++;
    }

    function executeBid() external {
        acts++;
    }

    function settleInterest() external {
        acts++;
    }
}

contract LeverDerivePerp {
    address public immutable owner = msg.sender;
    bool public isDisabled;
    uint256 public frozenPerpPrice;
    uint256 public feed = 1_600e18;
    uint256 public settledAt;

    function setFeed(uint256 price) external {
        feed = price;
    }

    function getPerpPrice() public view returns (uint256, uint256) {
        return (isDisabled ? frozenPerpPrice : feed, 1e18);
    }

    function disable() external {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        frozenPerpPrice = feed;
        isDisabled = true;
    }

    function realizePNLWithMark(uint256) external {
        (settledAt,) = getPerpPrice();
    }

    function applyFundingOnAccount(uint256) external {}
}
