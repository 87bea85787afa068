// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A guard of ours for a Safe: it lets nothing pass. And something to call.

contract LeverGuard {
    uint256 public acts;

    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0xe6d7a83a || id == 0x01ffc9a7;
    }

    function checkTransaction(
        address,
        uint256,
        bytes memory,
        uint8,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes memory,
        address
    ) external pure {
        revert("guarded");
    }

    function checkAfterExecution(bytes32, bool) external pure {}

    function act() external {
        acts++;
    }
}
