// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import "./Pauses.sol";

// Fixtures of ours: switches under the names that protocols give them, on the contract itself and on one that rules others.

contract LeverEmergencyFlag is LeverPauses {
    function setEmergency(bool to) external {
        set(to);
    }

    function emergency() external view returns (bool) {
        return off;
    }
}

contract LeverTradingFlag is LeverPauses {
    function setTradingEnabled(bool to) external {
        set(!to);
    }

    function tradingEnabled() external view returns (bool) {
        return !off;
    }
}

contract LeverBridgeManager is LeverPauses {
    function pauseEthCrossChainManager() external {
        set(true);
    }

    function unpauseEthCrossChainManager() external {
        set(false);
    }

    function paused() external view returns (bool) {
        return off;
    }
}

contract LeverKilled is LeverPauses {
    function kill() external {
        set(true);
    }
}

/// An Aave v2 pool’s configurator pauses all of it.
contract LeverPoolPause is LeverPauses {
    function setPoolPause(bool to) external {
        set(to);
    }
}

contract LeverRegistry {
    address public owner = msg.sender;
    mapping(address => bool) public paused;

    function setMarketPaused(address market, bool to) external {
        require(msg.sender == owner, "not the owner");
        paused[market] = to;
    }
}

contract LeverListed {
    LeverRegistry public registry;
    uint256 public acts;

    constructor(LeverRegistry asked) {
        registry = asked;
    }

    function act() external {
        require(!registry.paused(address(this)), "paused");
        acts++;
    }
}
