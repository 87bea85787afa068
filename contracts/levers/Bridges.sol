// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// What stands around a bridge's own contracts, in their tests.

/// Answers everything with what it was given.
contract LeverAnswer {
    bytes private answer;

    constructor(bytes memory what) {
        answer = what;
    }

    fallback() external payable {
        bytes memory out = answer;
        assembly {
            return(add(out, 32), mload(out))
        }
    }

    receive() external payable {}
}
