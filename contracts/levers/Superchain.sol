// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the checks of the OP Stack's SuperchainConfig with pauses that expire, and of OptimismPortal, written
// anew.

contract LeverSuperchain {
    address public guardian;
    mapping(address => uint256) public pauseTimestamps;

    constructor(address to) {
        guardian = to;
    }

    modifier onlyGuardian() {
        require(msg.sender == guardian, "SuperchainConfig_OnlyGuardian");
        _;
    }

    function pauseExpiry() public pure returns (uint256) {
        return 7_884_000;
    }

    function pause(address identifier) external onlyGuardian {
        require(pauseTimestamps[identifier] == 0, "SuperchainConfig_AlreadyPaused");
        pauseTimestamps[identifier] = block.timestamp;
    }

    function unpause(address identifier) external onlyGuardian {
        pauseTimestamps[identifier] = 0;
    }

    function extend(address identifier) external onlyGuardian {
        require(pauseTimestamps[identifier] != 0, "SuperchainConfig_NotAlreadyPaused");
        pauseTimestamps[identifier] = block.timestamp;
    }

    function paused(address identifier) public view returns (bool) {
        uint256 since = pauseTimestamps[identifier];
        return since != 0 && block.timestamp < since + pauseExpiry();
    }

    function paused() external view returns (bool) {
        return paused(address(0));
    }
}

interface IPaused {
    function paused() external view returns (bool);
}

contract LeverPortal {
    IPaused public immutable superchainConfig;

    constructor(IPaused config) {
        superchainConfig = config;
    }

    function proveWithdrawal() external view {
        require(!superchainConfig.paused(), "CallPaused");
    }

    function depositTransaction() external payable {}
}
