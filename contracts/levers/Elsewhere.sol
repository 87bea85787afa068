// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixtures of ours: a market that asks another contract before it acts, and has no lever itself.

contract LeverController {
    address public owner = msg.sender;
    bool public paused;

    function pause() external virtual {
        require(msg.sender == owner, "not the owner");
        paused = true;
    }

    function allowed() external view returns (bool) {
        return !paused;
    }
}

/// Anybody may pull it: a stranger's, put where a controller is expected.
contract LeverOpenController is LeverController {
    function pause() external override {
        paused = true;
    }
}

contract LeverMarket {
    address public owner = msg.sender;
    LeverController public controller;
    uint256 public taken;

    constructor(LeverController to) {
        controller = to;
    }

    function take() external {
        require(controller.allowed(), "not allowed");
        taken++;
    }
}

/// The controller is two contracts away, and nothing but storage names the first.
contract LeverHiddenMarket {
    LeverMarket internal market;

    constructor(LeverMarket to) {
        market = to;
    }

    function take() external {
        market.take();
    }
}
