// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the pauses of Opyn Gamma's Controller and the expiry prices of its Oracle, written anew. Amounts are
// counters.

contract LeverGammaOracle {
    struct Price {
        uint256 price;
        uint256 timestamp;
        bool isDisputed;
    }

    address public disputer;
    uint256 public immutable disputePeriod;
    mapping(address => mapping(uint256 => Price)) private stored;

    constructor(address who, uint256 period) {
        (disputer, disputePeriod) = (who, period);
    }

    function setExpiryPrice(address asset, uint256 expiry, uint256 price) external {
        require(stored[asset][expiry].timestamp == 0, "Oracle: dispute period started");
        stored[asset][expiry] = Price(price, block.timestamp, false);
    }

    function disputeExpiryPrice(address asset, uint256 expiry, uint256 price) external {
        require(msg.sender == disputer, "Oracle: caller is not the disputer");
        require(!isDisputePeriodOver(asset, expiry), "Oracle: dispute period over");
        Price storage known = stored[asset][expiry];
        require(!known.isDisputed, "Oracle: price already disputed");
        (known.price, known.isDisputed) = (price, true);
    }

    function getExpiryPrice(address asset, uint256 expiry) external view returns (uint256, bool) {
        return (stored[asset][expiry].price, isDisputePeriodOver(asset, expiry));
    }

    function isDisputePeriodOver(address asset, uint256 expiry) public view returns (bool) {
        uint256 since = stored[asset][expiry].timestamp;
        return since != 0 && block.timestamp > since + disputePeriod;
    }
}

contract LeverGammaController {
    address public partialPauser;
    address public fullPauser;
    bool public systemPartiallyPaused;
    bool public systemFullyPaused;
    uint256 public acts;

    constructor(address some, address all) {
        (partialPauser, fullPauser) = (some, all);
    }

    function setSystemPartiallyPaused(bool on) external {
        require(msg.sender == partialPauser, "CO2");
        require(systemPartiallyPaused != on, "CO9");
        systemPartiallyPaused = on;
    }

    function setSystemFullyPaused(bool on) external {
        require(msg.sender == fullPauser, "CO1");
        require(systemFullyPaused != on, "CO9");
        systemFullyPaused = on;
    }

    /// As `Actions.ActionType`: 3 deposits collateral, 4 withdraws it, 1 mints, 2 burns, 8 redeems, 7 settles, 10 liquidates.
    function operate(uint8 action) external {
        require(!systemFullyPaused, "CO5");
        if (action != 7 && action != 8) require(!systemPartiallyPaused, "CO4");
        acts++;
    }
}
