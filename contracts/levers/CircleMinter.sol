// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the checks of Circle's TokenMinter (CCTP), written anew. Amounts are counters.

contract LeverTokenMinter {
    address public immutable owner = msg.sender;
    address public tokenController;
    address public pauser;
    address public localTokenMessenger;
    bool public paused;
    mapping(address => uint256) public burnLimitsPerMessage;
    uint256 public minted;
    uint256 public burnt;

    constructor(address controller, address whoPauses, address messenger) {
        (tokenController, pauser, localTokenMessenger) = (controller, whoPauses, messenger);
    }

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    modifier onlyLocalTokenMessenger() {
        require(msg.sender == localTokenMessenger, "Caller not local TokenMessenger");
        _;
    }

    function pause() external {
        require(msg.sender == pauser, "Pausable: caller is not the pauser");
        paused = true;
    }

    function unpause() external {
        require(msg.sender == pauser, "Pausable: caller is not the pauser");
        paused = false;
    }

    function setMaxBurnAmountPerMessage(address token, uint256 limit) external {
        require(msg.sender == tokenController, "Caller is not tokenController");
        burnLimitsPerMessage[token] = limit;
    }

    function mint(uint32, bytes32, address, uint256 amount) external whenNotPaused onlyLocalTokenMessenger {
        minted += amount;
    }

    function burn(address token, uint256 amount) external whenNotPaused onlyLocalTokenMessenger {
        require(burnLimitsPerMessage[token] > 0, "Burn token not supported");
        require(amount <= burnLimitsPerMessage[token], "Burn amount exceeds per tx limit");
        burnt += amount;
    }
}
