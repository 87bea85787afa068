// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixture of ours: switches under names that nobody knows, among calls of the owner that stop nothing, and one that anybody may make.

contract LeverUnnamed {
    address public owner = msg.sender;
    uint256 public taken;
    bool internal off;
    uint256 internal most = 100;
    uint256 public colour;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function flipTheGreenLever(bool to) external onlyOwner {
        off = to;
    }

    function squeezeTheHose(uint256 to) external onlyOwner {
        most = to;
    }

    function paintItRed() external onlyOwner {
        colour = 1;
    }

    function anybodyMayStop() external {
        off = true;
    }

    function renounceOwnership() external onlyOwner {
        owner = address(0);
        off = true;
    }

    function take(uint256 amount) external {
        require(!off && amount <= most, "no");
        taken += amount;
    }
}
